//! JSON Schemas of rules, sites, symptoms, packs, command grammars, configuration and cases (draft 7, which editors know), made from the
//! descriptions by which files are read and from the fields of facts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::describe::{self, Keys, Kind};
use super::path::{FLAG, PLACE, SITE, TEXT, TEXTS};
use crate::facts::FactKind;
use crate::facts::schema::{self, Field, Type};

/// A kind of file that has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `lint/ID.toml`.
    Rule,
    /// `sites/ID.toml`.
    Site,
    /// `symptoms/ID.toml`.
    Symptom,
    /// `pack.toml`.
    Pack,
    /// `commands.toml`.
    Commands,
    /// `pydoctor.toml`.
    Config,
    /// `case.toml` of a fixture.
    Case,
}

impl FileKind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Rule, Self::Site, Self::Symptom, Self::Pack, Self::Commands, Self::Config, Self::Case];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Site => "site",
            Self::Symptom => "symptom",
            Self::Pack => "pack",
            Self::Commands => "commands",
            Self::Config => "config",
            Self::Case => "case",
        }
    }

    /// The keys of the file.
    pub fn keys(self) -> &'static Keys {
        match self {
            Self::Rule => &describe::rule::RULE,
            Self::Site => &describe::site::SITE,
            Self::Symptom => &describe::symptom::SYMPTOM,
            Self::Pack => &describe::pack::PACK,
            Self::Commands => &describe::commands::COMMANDS,
            Self::Config => &describe::config::CONFIG,
            Self::Case => &describe::case::CASE,
        }
    }

    /// All tables that such a file can hold, itself first.
    pub fn tables(self) -> Vec<&'static Keys> {
        let mut found = vec![self.keys()];
        let mut at = 0;
        while let Some(keys) = found.get(at).copied() {
            at += 1;
            for key in keys.keys {
                below(&key.kind, &mut |keys| {
                    if !found.iter().any(|known| std::ptr::eq(*known, keys)) {
                        found.push(keys);
                    }
                });
            }
        }
        found
    }
}

fn below(kind: &'static Kind, found: &mut dyn FnMut(&'static Keys)) {
    match kind {
        Kind::Table(keys) => found(keys),
        Kind::List(inner) | Kind::Map(inner) => below(inner, found),
        Kind::OneOf(kinds) => kinds.iter().for_each(|kind| below(kind, found)),
        Kind::Variants(variants) => variants.iter().for_each(|keys| found(keys)),
        _ => {}
    }
}

/// The schema of a kind of file.
pub fn schema(kind: FileKind) -> Json {
    let mut maker = Maker::default();
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    root.insert("title".to_owned(), json!(format!("pydoctor: {}", kind.name())));
    // An editor is told by this key which schema a file has; TOML knows it as a comment.
    if let Json::Object(table) = maker.table(kind.keys()) {
        root.extend(table);
    }
    let definitions: Map<String, Json> = maker.definitions.into_iter().collect();
    if !definitions.is_empty() {
        root.insert("definitions".to_owned(), Json::Object(definitions));
    }
    Json::Object(root)
}

/// Makes schemas; what occurs more than once becomes a definition.
#[derive(Default)]
struct Maker {
    definitions: BTreeMap<String, Json>,
    /// Types of fields by the name of their definition.
    types: Vec<(String, String)>,
}

impl Maker {
    /// A reference to the definition `name`, made when it is not there yet.
    fn define(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Json) -> Json {
        if !self.definitions.contains_key(name) {
            // It may refer to itself.
            self.definitions.insert(name.to_owned(), Json::Null);
            let made = make(self);
            self.definitions.insert(name.to_owned(), made);
        }
        json!({ "$ref": format!("#/definitions/{name}") })
    }

    fn table(&mut self, keys: &'static Keys) -> Json {
        let mut properties = Map::new();
        for key in keys.keys {
            let mut property = self.kind(&key.kind);
            if let Json::Object(object) = &mut property {
                // Beside a `$ref` nothing else counts in draft 7.
                if object.contains_key("$ref") {
                    property = json!({ "description": key.says(), "allOf": [property] });
                } else {
                    object.insert("description".to_owned(), json!(key.says()));
                }
            }
            properties.insert(key.name.to_owned(), property);
        }
        let needed: Vec<&str> = keys.keys.iter().filter(|key| key.need).map(|key| key.name).collect();
        let mut table = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        if !needed.is_empty() {
            table["required"] = json!(needed);
        }
        if !keys.one_of.is_empty() {
            table["oneOf"] = keys.one_of.iter().map(|key| json!({ "required": [key] })).collect();
        }
        let on = keys.keys.iter().find_map(|key| match &key.kind {
            Kind::Where(on) if !on.is_empty() => Some(*on),
            _ => None,
        });
        if let Some(on) = on {
            table["allOf"] = FactKind::ALL.into_iter().map(|fact| self.of_fact(keys, on, fact)).collect();
        }
        table
    }

    /// What holds of conditions when the key `on` names this kind of fact.
    fn of_fact(&mut self, keys: &'static Keys, on: &str, fact: FactKind) -> Json {
        let mut properties = Map::new();
        for key in keys.keys {
            match &key.kind {
                Kind::Where(own) if *own == on => drop(properties.insert(key.name.to_owned(), self.conditions(fact))),
                Kind::List(Kind::Where(own)) if *own == on => {
                    properties.insert(key.name.to_owned(), json!({ "items": self.conditions(fact) }));
                }
                // Conditions of a fix are on the fact of the clause in which it stands.
                Kind::OneOf(kinds) => {
                    let own: Map<String, Json> =
                        kinds.iter().flat_map(tables).flat_map(|inner| self.of_fix(inner, fact)).collect();
                    if !own.is_empty() {
                        let one = json!({ "properties": own });
                        properties.insert(key.name.to_owned(), json!({ "properties": own, "items": one }));
                    }
                }
                _ => {}
            }
        }
        json!({
            "if": { "properties": { on: { "const": fact.name() } }, "required": [on] },
            "then": { "properties": properties },
        })
    }

    /// The conditions of a fix, on a fact of this kind.
    fn of_fix(&mut self, keys: &'static Keys, fact: FactKind) -> Vec<(String, Json)> {
        let conditions = |maker: &mut Self, key: &describe::Key| match key.kind {
            Kind::Where("") => Some(maker.conditions(fact)),
            Kind::List(Kind::Where("")) => Some(json!({ "items": maker.conditions(fact) })),
            _ => None,
        };
        keys.keys.iter().filter_map(|key| Some((key.name.to_owned(), conditions(self, key)?))).collect()
    }

    fn kind(&mut self, kind: &'static Kind) -> Json {
        match kind {
            Kind::Text | Kind::Template | Kind::Field => json!({ "type": "string" }),
            Kind::Id => json!({ "type": "string", "pattern": "^[a-z][a-z0-9-]*$" }),
            Kind::Integer => json!({ "type": "integer" }),
            Kind::Flag => json!({ "type": "boolean" }),
            // Validators see a TOML date as text, in the form of RFC 3339.
            Kind::Date => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}" }),
            Kind::Word(words) => json!({ "enum": words() }),
            Kind::List(item) => json!({ "type": "array", "items": self.kind(item) }),
            Kind::Table(keys) => self.define(keys.name, |maker| maker.table(keys)),
            Kind::Map(kind) => json!({ "type": "object", "additionalProperties": self.kind(kind) }),
            Kind::OneOf(kinds) => {
                json!({ "anyOf": kinds.iter().map(|kind| self.kind(kind)).collect::<Vec<_>>() })
            }
            Kind::Variants(variants) => {
                let each =
                    variants.iter().map(|keys| self.define(&format!("edit-{}", keys.name), |maker| maker.table(keys)));
                json!({ "oneOf": each.collect::<Vec<_>>() })
            }
            // What a rule says of the fixes of all its clauses may be on facts of any kind.
            Kind::Where("") => self.define("where", |maker| {
                json!({ "anyOf": FactKind::ALL.into_iter().map(|fact| maker.conditions(fact)).collect::<Vec<_>>() })
            }),
            Kind::Where(_) => json!({ "type": "object" }),
        }
    }

    /// Conditions on facts of a kind: its own fields, and what stands around it.
    fn conditions(&mut self, fact: FactKind) -> Json {
        self.define(&format!("where-{}", fact.name()), |maker| {
            let roots = [("state", schema::STATE), ("job", schema::JOB), ("file", schema::FILE), ("site", SITE)];
            let mut object = maker.fields(schema::fields(fact));
            for (root, fields) in roots {
                let below = maker.define(root, |maker| maker.fields(fields));
                object["properties"][root] = below;
                for (pattern, condition) in maker.patterns(fields, &format!("{root}\\.")) {
                    object["patternProperties"][pattern] = condition;
                }
            }
            object
        })
    }

    /// Conditions on these fields.
    fn fields(&mut self, fields: &'static [Field]) -> Json {
        let mut properties = Map::new();
        for field in fields.iter().filter(|field| field.name != "*") {
            let condition = self.condition(&field.kind);
            properties.insert(field.name.to_owned(), json!({ "description": field.doc, "allOf": [condition] }));
        }
        let patterns: Map<String, Json> = self.patterns(fields, "").into_iter().collect();
        let mut object = json!({ "type": "object", "properties": properties });
        object["patternProperties"] = Json::Object(patterns);
        object["additionalProperties"] = json!(false);
        object
    }

    /// Patterns for the dotted paths that begin with these fields, one for each kind of condition.
    fn patterns(&mut self, fields: &'static [Field], prefix: &str) -> Vec<(String, Json)> {
        let mut paths = Vec::new();
        push_paths(fields, "", &mut paths);
        let mut groups: Vec<(Json, BTreeSet<String>)> = Vec::new();
        for (path, kind) in paths {
            // Without a dot or a wildcard it is a property with a name of its own.
            if prefix.is_empty() && !path.contains(['.', '[']) {
                continue;
            }
            let condition = self.condition(kind);
            match groups.iter_mut().find(|(known, _)| *known == condition) {
                Some((_, paths)) => drop(paths.insert(path)),
                None => groups.push((condition, BTreeSet::from([path]))),
            }
        }
        let joined = |paths: BTreeSet<String>| paths.into_iter().collect::<Vec<_>>().join("|");
        groups.into_iter().map(|(condition, paths)| (format!("^{prefix}({})$", joined(paths)), condition)).collect()
    }

    /// A condition on a value of that type.
    fn condition(&mut self, kind: &'static Type) -> Json {
        let name = self.condition_name(kind);
        self.define(&name, |maker| match kind {
            Type::Flag => maker.scalar(&name, json!({ "type": "boolean" }), &[]),
            Type::Number => maker.scalar(&name, json!({ "type": ["integer", "string"] }), &COMPARISONS),
            Type::Text | Type::Word => {
                let more = [COMPARISONS.as_slice(), &["matches"]].concat();
                let scalar = maker.scalar(&name, json!({ "type": "string" }), &more);
                json!({ "anyOf": [scalar, maker.text_properties()] })
            }
            Type::Choice(words) => {
                let glob = json!({ "type": "string", "pattern": "[*?\\[{$\\\\]" });
                maker.scalar(&name, json!({ "anyOf": [{ "enum": words }, glob] }), &[])
            }
            Type::List(inner) => {
                let item = maker.condition(inner);
                let mut object = maker.operators(&name, &[]);
                for key in ["any", "all", "none"] {
                    object["properties"][key] = item.clone();
                }
                object["properties"]["count"] = maker.condition(&Type::Number);
                object
            }
            Type::Record(fields) => {
                let own = json!({ "$ref": format!("#/definitions/{name}") });
                let list = json!({ "type": "array", "items": own, "minItems": 1 });
                json!({ "anyOf": [maker.operators(&name, &[]), maker.fields(fields), list] })
            }
        })
    }

    /// Conditions on what is computed from a text.
    fn text_properties(&mut self) -> Json {
        let of = |(name, kind): (&str, &'static Type)| (name.to_owned(), self.condition(kind));
        let properties: Map<String, Json> = text_properties().map(of).into_iter().collect();
        json!({ "type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1 })
    }

    /// The name of the definition for conditions on a type, short and its own.
    fn condition_name(&mut self, kind: &Type) -> String {
        let short = match kind {
            Type::Flag => "on-flag".to_owned(),
            Type::Number => "on-number".to_owned(),
            Type::Text | Type::Word => "on-text".to_owned(),
            Type::Choice(words) => format!("on-{}-and-so-on", words.first().unwrap_or(&"")),
            Type::List(inner) => format!("{}-list", self.condition_name(inner)),
            Type::Record(fields) => format!("on-{}-record", fields.first().map_or("", |field| field.name)),
        };
        let short = short.replace('*', "any").replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        // A text is asked the same wherever it comes from.
        let type_of = format!("{kind:?}").replace("Word", "Text");
        if let Some((name, _)) = self.types.iter().find(|(_, known)| *known == type_of) {
            return name.clone();
        }
        let taken = self.types.iter().filter(|(name, _)| name.starts_with(&short)).count();
        let name = if taken == 0 { short } else { format!("{short}-{}", taken + 1) };
        self.types.push((name.clone(), type_of));
        name
    }

    /// A value, one of several, or operators.
    fn scalar(&mut self, name: &str, value: Json, operators: &[&str]) -> Json {
        let own = json!({ "$ref": format!("#/definitions/{name}") });
        let list = json!({ "type": "array", "items": own, "minItems": 1 });
        json!({ "anyOf": [value, list, self.operators(name, operators)] })
    }

    /// A table of operators, those that fit every value among them.
    fn operators(&mut self, name: &str, more: &[&str]) -> Json {
        let mut properties = Map::new();
        properties.insert("not".to_owned(), json!({ "$ref": format!("#/definitions/{name}") }));
        for key in ["present", "absent"] {
            properties.insert(key.to_owned(), json!({ "type": "boolean" }));
        }
        for key in more {
            let value =
                if *key == "matches" { json!({ "type": "string" }) } else { json!({ "type": ["integer", "string"] }) };
            properties.insert((*key).to_owned(), value);
        }
        json!({ "type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1 })
    }
}

/// The tables that a value of this kind can be.
fn tables(kind: &'static Kind) -> Option<&'static Keys> {
    if let Kind::Table(keys) = kind { Some(keys) } else { None }
}

const COMPARISONS: [&str; 4] = ["lt", "le", "gt", "ge"];

/// What conditions can ask of a text.
fn text_properties() -> [(&'static str, &'static Type); 6] {
    let (origin, carried) = (("origin", &TEXT), ("carried", &FLAG));
    [("place", &PLACE), ("name", &TEXT), ("parent", &TEXT), origin, carried, ("unresolved", &TEXTS)]
}

/// All paths that begin with these fields, as regular expressions, with what they lead to. Conditions cannot go
/// through a list.
fn push_paths(fields: &'static [Field], prefix: &str, paths: &mut Vec<(String, &'static Type)>) {
    for field in fields {
        let name = if field.name == "*" { "[^.]+" } else { field.name };
        let path = format!("{prefix}{name}");
        paths.push((path.clone(), &field.kind));
        match &field.kind {
            Type::Text | Type::Word => {
                paths.extend(text_properties().map(|(name, kind)| (format!("{path}\\.{name}"), kind)));
            }
            Type::List(_) => paths.push((format!("{path}\\.count"), &Type::Number)),
            Type::Record(inner) => push_paths(inner, &format!("{path}\\."), paths),
            _ => {}
        }
    }
}
