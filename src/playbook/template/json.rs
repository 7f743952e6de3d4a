//! A JSON value with templates in its texts.

use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::playbook::expression::{CompileError, Expression, Name, Scope};
use crate::playbook::template::Template;
use crate::text::Lang;

/// A JSON value to be filled in. A text that is one `{{ … }}` alone becomes the value itself, a
/// list or number; any other text stays text.
#[derive(Debug, PartialEq)]
pub enum JsonTemplate {
    /// As it is.
    Fixed(Json),
    /// One expression; unknown becomes null.
    Value(Expression),
    /// Text with places to fill in; unknown becomes the word for it.
    Text(Template),
    /// A list.
    List(Vec<JsonTemplate>),
    /// An object.
    Object(IndexMap<String, JsonTemplate>),
}

impl JsonTemplate {
    /// Compiles one text of a JSON value.
    ///
    /// # Errors
    /// As [`Template::compile`].
    pub fn text(source: &str) -> Result<Self, CompileError> {
        let template = Template::compile(source, Lang::En)?;
        if let Some(inside) = template.only_fill() {
            return Expression::compile(inside.trim()).map(Self::Value);
        }
        if template.names().is_empty() && !source.contains('{') {
            return Ok(Self::Fixed(Json::String(source.to_owned())));
        }
        Ok(Self::Text(template))
    }

    /// Fills in the facts of `scope`; never fails.
    #[must_use]
    pub fn render(&self, scope: &dyn Scope) -> Json {
        match self {
            Self::Fixed(json) => json.clone(),
            Self::Value(expression) => {
                expression.value(scope).map_or(Json::Null, |value| value.to_plain())
            }
            Self::Text(template) => Json::String(template.render(scope)),
            Self::List(items) => items.iter().map(|item| item.render(scope)).collect(),
            Self::Object(entries) => {
                let filled = entries.iter().map(|(key, item)| (key.clone(), item.render(scope)));
                Json::Object(filled.collect())
            }
        }
    }

    /// Collects the names its texts use.
    pub fn names<'a>(&'a self, out: &mut Vec<&'a Name>) {
        match self {
            Self::Fixed(_) => {}
            Self::Value(expression) => out.extend(expression.names()),
            Self::Text(template) => out.extend(template.names()),
            Self::List(items) => items.iter().for_each(|item| item.names(out)),
            Self::Object(entries) => entries.values().for_each(|item| item.names(out)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::playbook::expression::Fact;
    use crate::playbook::value::Value;

    struct Channels(Value);

    impl Scope for Channels {
        fn fact(&self, name: &Name) -> Option<Fact<'_>> {
            match name {
                Name::Variable(id) if id.as_str() == "channels_down" => Some(Fact::Value(&self.0)),
                _ => None,
            }
        }
    }

    #[test]
    fn a_lone_expression_keeps_its_type_and_text_stays_text() {
        let scope = Channels(Value::List(vec![Value::Integer(1), Value::Integer(2)]));
        let render = |source: &str| JsonTemplate::text(source).expect(source).render(&scope);
        assert_eq!(render("{{ channels_down }}"), json!([1, 2]));
        assert_eq!(render("{{channels_down|length}}"), json!(2));
        assert_eq!(render("n={{ channels_down|length }}"), json!("n=2"));
        assert_eq!(render("{{ missing }}"), json!(null));
        assert_eq!(render("x {{ missing }}"), json!("x unknown"));
        assert_eq!(render("plain"), json!("plain"));
    }
}
