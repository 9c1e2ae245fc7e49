"""Policies for any seat of any world."""
