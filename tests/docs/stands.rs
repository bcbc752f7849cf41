//! What a site says of a rule: its verdict, and its own words with its values filled in.

use pydoctor::policy::site::ValueData;
use pydoctor::policy::{Rule, Selection, Site};

/// How bad the rule is at the site: `error`, `warning`, `hint` or `off`.
pub fn verdict(rule: &Rule, site: &Site) -> &'static str {
    Selection::default().severity(rule, site.rules.get(&rule.id)).map_or("off", |severity| severity.name())
}

/// The site's remedy, its reason and what it says of the fix, as one line of Markdown.
pub fn words(rule: &Rule, site: &Site) -> String {
    let Some(stand) = site.rules.get(&rule.id) else { return String::new() };
    let mut parts = Vec::new();
    if verdict(rule, site) != "off" {
        parts.extend(stand.message.as_ref().map(|message| filled(&message.text, site)));
        parts.extend(stand.help.as_ref().map(|help| filled(&help.text, site)));
    }
    if let Some(reason) = &stand.reason {
        parts.push(format!("*why:* {}", reason.trim()));
    }
    match stand.fix {
        _ if rule.fixes().next().is_none() => {}
        Some(Some(applicability)) => parts.push(format!("*fix:* {}", applicability.name())),
        Some(None) => parts.push("*fix:* none".to_owned()),
        None => {}
    }
    parts.join("; ")
}

/// The template with the site's values filled in; fields of facts stay as names.
fn filled(template: &str, site: &Site) -> String {
    let mut text = String::new();
    let mut rest = template.trim();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        match name.strip_prefix('$').and_then(|name| site.values.get(name)).map(|value| &value.data) {
            Some(ValueData::Text(value, _)) => text.push_str(value),
            Some(ValueData::Number(value)) => text.push_str(&value.to_string()),
            _ => text.push_str(&name.to_uppercase()),
        }
        rest = behind;
    }
    text + rest
}
