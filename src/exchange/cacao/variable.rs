//! Variables: the standard writes `__name__` and `__name__:value`, plans write `name` and
//! `{{ name }}`.

use sha2::{Digest, Sha256};

use crate::playbook::{Field, FieldType, Value};

/// The longest name between the underscores.
const NAME_CHARS_MAX: usize = 200;

/// Writes a plan's name as the standard's. A name outside ASCII becomes a short hash.
pub(super) fn outward(name: &str) -> String {
    if is_inner(name) {
        return format!("__{name}__");
    }
    let hash = hex::encode(Sha256::digest(name.as_bytes()));
    format!("__v_{}__", &hash[..12])
}

/// Returns what stands between the underscores.
pub(super) fn inner(name: &str) -> Option<&str> {
    name.strip_prefix("__")?.strip_suffix("__").filter(|inner| is_inner(inner))
}

fn is_inner(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.len() <= NAME_CHARS_MAX
        && name.chars().all(allowed)
}

/// Returns the standard's type for a field.
pub(super) const fn type_of(field: &Field) -> &'static str {
    match field.kind {
        FieldType::Integer(_) => "integer",
        FieldType::Number(_) => "float",
        FieldType::Boolean => "bool",
        _ => "string",
    }
}

/// Writes a default as the standard does, as text.
pub(super) fn value(value: &Value) -> String {
    value.to_string()
}

/// Returns the plan's type for a type of the standard, and whether it says all of it.
pub(super) fn field_type(kind: &str) -> (&'static str, bool) {
    match kind {
        "bool" => ("boolean", true),
        "integer" | "long" => ("integer", true),
        "float" => ("number", true),
        "string" => ("text", true),
        "uri" | "uuid" | "hexstring" | "hash" | "md5-hash" | "sha256-hash" | "ipv4-addr"
        | "ipv6-addr" | "mac-addr" => ("string", true),
        _ => ("text", false),
    }
}

/// Turns `{{ name }}` into `__name__:value` wherever nothing else stands in the braces.
pub(super) fn to_references(template: &str, names: &dyn Fn(&str) -> bool) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find("{{") {
        let Some(close) = rest[open..].find("}}") else { break };
        let inside = rest[open + 2..open + close].trim();
        out.push_str(&rest[..open]);
        if names(inside) {
            out.push_str(&outward(inside));
            out.push_str(":value");
        } else {
            out.push_str(&rest[open..open + close + 2]);
        }
        rest = &rest[open + close + 2..];
    }
    out + rest
}

/// Turns `__name__:value` into `{{ name }}` where `rename` knows the name, and makes braces that
/// would mean something to a template into text.
pub(super) fn to_template(text: &str, rename: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some((name, after)) = reference(rest)
            && let Some(name) = rename(name)
        {
            out.push_str(&format!("{{{{ {name} }}}}"));
            rest = after;
            continue;
        }
        if ["{{", "{%", "{#"].iter().any(|mark| rest.starts_with(mark)) {
            out.push_str(&format!("{{{{ \"{}\" }}}}", &rest[..2]));
            rest = &rest[2..];
            continue;
        }
        let next = rest.chars().next().map_or(rest.len(), char::len_utf8);
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    out
}

/// Reads `__name__:value` at the start of a text: the name, and what follows.
fn reference(text: &str) -> Option<(&str, &str)> {
    let end = text.starts_with("__").then(|| text.find("__:value"))??;
    // The longest name is short, and so is what there is to look at.
    let name = text.get(..end + 2).filter(|name| name.len() <= NAME_CHARS_MAX + 4)?;
    inner(name).map(|_| (name, &text[end + "__:value".len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_templates_turn_into_each_other() {
        let known = |name: &str| name == "users";
        let out = to_references("a {{ users }} b {{ users|length }} {{ other }}", &known);
        assert_eq!(out, "a __users__:value b {{ users|length }} {{ other }}");
        let rename = |name: &str| (name == "__users__").then(|| "users".to_owned());
        assert_eq!(
            to_template("x__users__:value/__no__:value", &rename),
            "x{{ users }}/__no__:value"
        );
        assert_eq!(to_template("{{ evil }} {% x", &rename), "{{ \"{{\" }} evil }} {{ \"{%\" }} x");
    }

    #[test]
    fn a_chinese_name_becomes_one_that_the_standard_allows() {
        let name = outward("客户数");
        assert!(inner(&name).is_some(), "{name}");
        assert_ne!(name, outward("用户数"));
        assert_eq!(inner("__a-b__"), Some("a-b"));
        assert_eq!(inner("__1__"), None);
    }
}
