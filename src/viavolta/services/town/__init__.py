"""The town study, part by part: who lives where and drives what, what must be built.

Public names: `settings.town_settings`, and the parts that `services.study_town` puts together.
May import engines, formats, catalogue and model.
"""
