"""Instruments as published, their scores, and what a change between two scores means. Pure: no clock, no database."""
