"""What will happen: a description and a seed come in; scenarios, rows, documents and tasks go out, the same for one seed.

- `space` and `fields` draw. A kind of field is a class in `kinds/` that `fields` exports, and a `kind` of templates by
  that alone; `expressions` and `grammars` are the languages it may use.
- `template` reads tables of fields from data, `documents` renders their rows; the built-in ones are in `assets/`.
- `fitting` makes a template like a real table, `fidelity` says how alike two tables are; `tables` are their files.
- `taxonomy` makes tasks by topic, `problems` some of them; `answers` judges replies.
- `augment` says the same in other words by rule, `rewriting` by a model that its caller brings.
- `rare` says how likely an event of a Space is, and which scenarios bring it about.
"""
