"""The kinds of fields, by what their values are; `gristmill.generators.fields` exports them all."""
