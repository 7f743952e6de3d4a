//! The OpenAPI document: what holds for every operation is said once, here.

use std::sync::LazyLock;

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
    Required, Response, ResponseBuilder,
};
use utoipa_axum::router::UtoipaMethodRouter;

use super::app::App;
use super::auth::ON_BEHALF_OF;
use super::idempotent::IDEMPOTENCY_KEY;
use super::problem::Kind;
use super::router;
use crate::playbook::schema;
use crate::runtime::Scope;

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut text = serde_json::to_string_pretty(&router::document()).unwrap_or_default();
    text.push('\n');
    text
});

static PLAYBOOK_SCHEMA: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string_pretty(&schema::playbook()).unwrap_or_default());

/// Returns the JSON Schema of playbooks.
#[must_use]
pub fn playbook_schema() -> &'static str {
    &PLAYBOOK_SCHEMA
}

/// Returns the document as it is served and kept beside the sources.
#[must_use]
pub fn text() -> &'static str {
    &TEXT
}

/// Returns what the document says of the whole interface.
pub fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("firebell")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description()))
        .license(Some(
            LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build(),
        ))
        .build();
    let mut components = Components::new();
    components.add_security_scheme(
        "token",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("fbt_<id>_<secret>")
                .description(Some(
                    "A token belongs to one person or one service; calls are theirs.",
                ))
                .build(),
        ),
    );
    let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
        "The key of a configured source of alerts; it opens the doors of `/ingest` alone. It may also \
         be the password of Basic authentication, or PagerDuty's `routing_key` in the body.",
    ));
    components.add_security_scheme("source", SecurityScheme::Http(key.build()));
    components.schemas.insert("Problem".to_owned(), problem());
    components.responses.insert("Problem".to_owned(), RefOr::T(problem_response()));
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

fn description() -> String {
    let mut text = String::from(
        "Incidents, their roles and steps, plans, rosters and events of one firebell.\n\n\
         Times are RFC 3339 in UTC. Texts of plans hold both languages. Errors are problems \
         (RFC 9457) in the language of `Accept-Language` (zh, en); programs look at `code`. \
         `Idempotency-Key` makes a repeated POST have one effect for 24 hours (the same answer, with \
         `Idempotency-Replayed: true`; another body under the key is refused with 422); `If-Match` \
         with an incident's `ETag` (or a later `version`) refuses the request with 412 when what \
         people decide on has changed since, not when messages were delivered. Lists give a \
         `next` cursor and a `Link`.\n\n| code | status | |\n|---|---|---|\n",
    );
    for kind in Kind::all() {
        let (zh, en) = kind.title();
        let status = kind.status().as_u16();
        text.push_str(&format!("| `{}` | {status} | {en} · {zh} |\n", kind.code()));
    }
    text
}

fn problem() -> RefOr<utoipa::openapi::Schema> {
    let string = || ObjectBuilder::new().schema_type(Type::String);
    let error = ObjectBuilder::new()
        .property("pointer", string().description(Some("JSON pointer into the body")))
        .property("detail", string())
        .required("pointer")
        .required("detail");
    let mut codes: Vec<&'static str> = Kind::all().map(Kind::code).collect();
    codes.sort_unstable();
    let codes = string().enum_values(Some(codes)).description(Some("Stable, never localised"));
    let object = ObjectBuilder::new()
        .description(Some("What is wrong, where, and what to do (RFC 9457)"))
        .property("type", string().description(Some("urn:firebell:problem:<code>")))
        .property("title", string())
        .property("status", ObjectBuilder::new().schema_type(Type::Integer))
        .property("detail", string())
        .property("instance", string().description(Some("Quote it; the log knows it")))
        .property("code", codes)
        .property("errors", ArrayBuilder::new().items(error))
        .required("type")
        .required("title")
        .required("status")
        .required("detail")
        .required("instance")
        .required("code");
    RefOr::T(object.build().into())
}

fn problem_response() -> Response {
    ResponseBuilder::new()
        .description("A problem")
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build(),
        )
        .build()
}

/// Adds to the operations of a route what they have in common: the scope, the parameters of the
/// path, the headers of changing calls, problems.
pub fn describe(routes: UtoipaMethodRouter<App>, scope: Option<Scope>) -> UtoipaMethodRouter<App> {
    let (schemas, mut paths, router) = routes;
    for (path, item) in &mut paths.paths {
        let changes = item.post.is_some() || item.patch.is_some();
        for operation in operations(item) {
            add(operation, path, scope, changes);
        }
    }
    (schemas, paths, router)
}

/// As [`describe`], for the routes that the keys of sources open.
pub fn describe_source(routes: UtoipaMethodRouter<App>) -> UtoipaMethodRouter<App> {
    let (schemas, mut paths, router) = describe(routes, None);
    for item in paths.paths.values_mut() {
        for operation in operations(item) {
            operation.security =
                Some(vec![SecurityRequirement::new("source", Vec::<String>::new())]);
            let problem = Ref::from_response_name("Problem");
            operation.responses.responses.insert("default".to_owned(), RefOr::Ref(problem));
        }
    }
    (schemas, paths, router)
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete]
        .into_iter()
        .flatten()
}

fn add(operation: &mut Operation, path: &str, scope: Option<Scope>, changes: bool) {
    operation.operation_id = operation.operation_id.take().map(|verb| unique(path, &verb));
    let mut parameters: Vec<Parameter> = names(path).map(in_path).collect();
    if let Some(scope) = scope {
        let needed = format!("Needs the scope `{scope}`.");
        let said = operation.description.take().map(|said| format!("{said}\n\n{needed}"));
        operation.description = Some(said.unwrap_or(needed));
        operation.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
        let problem = Ref::from_response_name("Problem");
        operation.responses.responses.insert("default".to_owned(), RefOr::Ref(problem));
        if changes && path.starts_with("/api/v1/incidents") {
            parameters.extend(headers());
        } else if changes && !path.ends_with("/check") {
            parameters.push(key_header());
        }
    }
    let known = operation.parameters.take().unwrap_or_default();
    let all: Vec<_> = parameters.into_iter().map(RefOr::T).chain(known).collect();
    operation.parameters = Some(all).filter(|all| !all.is_empty());
}

/// Names an operation after its noun and its verb, for clients that are generated: `show` alone is
/// the verb of many nouns.
fn unique(path: &str, verb: &str) -> String {
    let nouns = path.trim_start_matches("/api/v1").split('/');
    let nouns = nouns.filter(|part| !part.is_empty() && !part.starts_with('{'));
    let name = |noun: &str| noun.replace(['-', '.'], "_");
    let mut words: Vec<String> = nouns.map(name).collect();
    if words.last().is_none_or(|last| last != verb) {
        words.push(verb.to_owned());
    }
    words.join("_")
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn in_path(name: &str) -> Parameter {
    let said = match name {
        "id" => "Its id, or its number where it has one (`INC-2026-0042`)",
        "step" => "`{step}` for its current run, `{step}:{item}` for one item of a for-each",
        "hash" => "SHA-256 of the file, in hex",
        "source" => "Its id in the configuration",
        "token" => "As the message has it",
        "channel" => "The channel, by its name in the configuration",
        "reference" => "As the timeline names it",
        _ => "Its name in the plan",
    };
    text_parameter(name, ParameterIn::Path, Required::True, said)
}

fn key_header() -> Parameter {
    let said = "Makes repetitions have one effect; at most 128 characters";
    text_parameter(IDEMPOTENCY_KEY.as_str(), ParameterIn::Header, Required::False, said)
}

fn headers() -> [Parameter; 3] {
    let header =
        |name: &str, said| text_parameter(name, ParameterIn::Header, Required::False, said);
    [
        key_header(),
        header("if-match", "The `ETag` or the `version` of the incident as the caller saw it"),
        header(
            ON_BEHALF_OF.as_str(),
            "The person whom the caller acts for; needs the scope `commander`, and shows",
        ),
    ]
}

fn text_parameter(name: &str, place: ParameterIn, required: Required, said: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(said))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}
