//! A site as one object, version 1.

use serde_json::{Map, Value as Json, json};

use crate::policy::glob::Pattern;
use crate::policy::symptom::SymptomStand;

use super::Page;
use super::entries::{Difference, Entry, level, places, quotas, recipes, values};

impl Page<'_> {
    pub(super) fn json(&self) -> Json {
        let site = self.site();
        let entries =
            |entries: Vec<Entry<'_>>| -> Vec<Json> { entries.into_iter().map(|entry| self.entry(entry)).collect() };
        let rule = |difference: Difference<'_>| {
            let words: Map<String, Json> =
                difference.words.iter().map(|(what, words)| ((*what).to_owned(), json!(words))).collect();
            json!({
                "id": difference.rule,
                "severity": level(difference.here),
                "parent_severity": level(difference.parent),
                "words": words,
            })
        };
        let symptom = |(id, stand): (&str, &SymptomStand)| {
            let said = stand.words.named();
            let words: Map<String, Json> =
                said.map(|(key, saying)| (key.to_owned(), json!(saying.to_string()))).collect();
            json!({ "id": id, "off": stand.off, "words": words })
        };
        let texts = |patterns: &[Pattern]| -> Vec<String> { patterns.iter().map(ToString::to_string).collect() };
        let env = site.detect.env.iter().map(|(name, glob)| json!({ "name": name, "value": glob.to_string() }));
        let retired = site
            .retired
            .as_ref()
            .map(|retired| json!({ "since": retired.since, "successor": retired.successor, "source": retired.source }));
        json!({
            "version": 1,
            "id": site.id,
            "name": site.name,
            "today": self.today.to_string(),
            "extends": self.line.iter().skip(1).map(|site| &site.id).collect::<Vec<_>>(),
            "scheduler": site.scheduler,
            "retired": retired,
            "detect": {
                "environment": env.collect::<Vec<_>>(),
                "hosts": texts(&site.detect.hosts),
                "evidence": texts(&site.detect.evidence),
                "words": texts(&site.detect.words),
            },
            "places": entries(self.entries(places)),
            "quotas": entries(self.entries(quotas)),
            "values": entries(self.entries(values)),
            "recipes": entries(self.entries(recipes)),
            "links": site.links,
            "rules": self.differences().into_iter().map(rule).collect::<Vec<_>>(),
            "symptoms": self.stands_on_symptoms().map(symptom).collect::<Vec<_>>(),
            "said_by": self.said_keys().filter_map(|key| self.said_as_json(key)).collect::<Vec<_>>(),
        })
    }

    fn entry(&self, entry: Entry<'_>) -> Json {
        let (days, stale) = self.age(entry.source);
        let mut json = entry.json;
        if let Json::Object(object) = &mut json {
            object.insert("from".to_owned(), json!(entry.from));
            object.insert("source".to_owned(), json!(entry.source.source));
            object.insert("verified".to_owned(), json!(entry.source.verified));
            object.insert("age_days".to_owned(), json!(days));
            object.insert("stale".to_owned(), json!(stale));
        }
        json
    }

    /// Who says what has no place for a source of its own.
    fn said_as_json(&self, key: &str) -> Option<Json> {
        let (from, source) = self.said(key)?;
        let (days, stale) = self.age(source);
        Some(json!({
            "about": key,
            "from": from,
            "source": source.source,
            "verified": source.verified,
            "age_days": days,
            "stale": stale,
        }))
    }
}
