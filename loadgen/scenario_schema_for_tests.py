"""Validates each YAML file that is named against a schema: one line for each that does not fit.

usage: scenario_schema_for_tests.py SCHEMA FILE...
"""
import json
import re
import sys

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    """Values as an editor's YAML 1.2 has them: no dates, and yes, no, on and off are words."""


RESOLVERS = {
    first: [(tag, pattern) for tag, pattern in each if "timestamp" not in tag and "bool" not in tag]
    for first, each in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.yaml_implicit_resolvers = RESOLVERS
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), "tf")

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as file:
        error = jsonschema.exceptions.best_match(validator.iter_errors(yaml.load(file, Loader)))
    if error:
        print(f"{path}: /{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
