//! A document held against the schema of its command. Only the words that our schemas use are
//! understood; one that is not is told, too.

use super::of;
use serde_json::Value;

/// What does not fit, each with its place.
#[must_use]
pub fn misfits(command: &str, written: &[u8]) -> Vec<String> {
    let Some(schema) = of(command) else { return vec![format!("{command} has no schema")] };
    let read = |bytes: &[u8], what: &str| {
        serde_json::from_slice::<Value>(bytes).map_err(|e| vec![format!("{what}: {e}")])
    };
    match (read(schema.as_bytes(), "the schema"), read(written, "the document")) {
        (Ok(schema), Ok(value)) => {
            let mut told = Vec::new();
            walk(&value, &schema, &schema, "", &mut told);
            told
        }
        (Err(said), _) | (_, Err(said)) => said,
    }
}

fn walk(value: &Value, schema: &Value, root: &Value, at: &str, told: &mut Vec<String>) {
    for (word, rule) in schema.as_object().into_iter().flatten() {
        let texts = || rule.as_array().into_iter().flatten().filter_map(Value::as_str);
        let fits = match word.as_str() {
            "$schema" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let path = rule.as_str().unwrap_or_default().trim_start_matches('#');
                match root.pointer(path) {
                    Some(target) => walk(value, target, root, at, told),
                    None => told.push(format!("the schema has no {path}")),
                }
                true
            }
            "type" => match rule {
                Value::Array(_) => texts().any(|kind| is(value, kind)),
                kind => is(value, kind.as_str().unwrap_or_default()),
            },
            "const" => value == rule,
            "enum" => rule.as_array().is_some_and(|all| all.contains(value)),
            "pattern" => {
                value.as_str().is_none_or(|s| pattern(s, rule.as_str().unwrap_or_default()))
            }
            // It speaks of objects alone.
            "required" => !value.is_object() || texts().all(|key| value.get(key).is_some()),
            "properties" => {
                for (key, inner) in rule.as_object().into_iter().flatten() {
                    if let Some(value) = value.get(key) {
                        walk(value, inner, root, &format!("{at}/{key}"), told);
                    }
                }
                for key in value.as_object().into_iter().flat_map(|o| o.keys()) {
                    if rule.get(key).is_none() {
                        told.push(format!("{at}/{key} is not described"));
                    }
                }
                true
            }
            "anyOf" => rule.as_array().into_iter().flatten().any(|one| {
                let mut inner = Vec::new();
                walk(value, one, root, at, &mut inner);
                inner.is_empty()
            }),
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    walk(item, rule, root, &format!("{at}/{n}"), told);
                }
                true
            }
            _ => false,
        };
        if !fits {
            told.push(format!("{at}: {word} {rule}: {value}"));
        }
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    }
}

fn pattern(text: &str, pattern: &str) -> bool {
    match pattern {
        "^LW[0-9]{4}$" => text
            .strip_prefix("LW")
            .is_some_and(|n| n.len() == 4 && n.bytes().all(|b| b.is_ascii_digit())),
        "^[0-9a-f]*$" => text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
        "^0x[0-9A-F]{8}$" => text.strip_prefix("0x").is_some_and(|n| {
            n.len() == 8 && n.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'))
        }),
        _ => false,
    }
}
