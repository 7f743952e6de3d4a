//! How names, texts and states of the inner layers look in the OpenAPI document. The inner layers
//! must not know OpenAPI, so their forms are described here, and a test holds that they are right.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type,
};
use utoipa::{PartialSchema, ToSchema};

use crate::engine::{Mode, Status};
use crate::id::{
    ChannelId, ClockId, DrillId, DrillRunId, IncidentId, LadderId, ObjectiveId, PartyId, PersonId,
    PhaseId, PlaybookId, RegimeId, RoleId, ScheduleId, StageId, StepId, TeamId, VarId,
};
use crate::runtime::Scope;
use crate::text::Text;

macro_rules! described {
    ($($name:ident: $build:expr;)*) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                RefOr::T($build)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

described! {
    PlaybookId: words("A playbook's slug: lower-case letters, digits and hyphens");
    DrillId: words("A drill's slug: lower-case letters, digits and hyphens");
    PhaseId: words("A phase of a playbook");
    StepId: words("A step of a playbook");
    RoleId: words("A role of a playbook");
    ObjectiveId: words("An objective of a playbook");
    VarId: words("A variable of a playbook");
    ClockId: words("A statutory clock of a playbook");
    RegimeId: words("A legal regime's slug: lower-case letters, digits and hyphens");
    StageId: words("A stage of a regime");
    PartyId: words("In which capacity a regime binds");
    PersonId: words("A person of the directory");
    TeamId: words("A team of the directory");
    ScheduleId: words("A schedule of the directory");
    ChannelId: words("A configured channel");
    LadderId: words("An escalation ladder of the directory");
    IncidentId: uuid("An incident");
    DrillRunId: uuid("A run of a drill");
    Mode: one_of("Whether it is real", &["live", "drill", "simulation"]);
    Status: one_of("Where an incident stands", &["open", "paused", "closed", "cancelled"]);
    Scope: one_of(
        "What a token may do; each includes those before it",
        &["viewer", "responder", "commander", "admin"]
    );
    Text: text();
}

fn words(description: &str) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description)).build().into()
}

fn uuid(description: &str) -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom("uuid".to_owned())))
        .description(Some(description))
        .build()
        .into()
}

fn one_of(description: &str, values: &[&'static str]) -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(values.iter().copied()))
        .description(Some(description))
        .build()
        .into()
}

fn text() -> Schema {
    let each = ObjectBuilder::new()
        .property("zh", ObjectBuilder::new().schema_type(Type::String))
        .property("en", ObjectBuilder::new().schema_type(Type::String))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    OneOfBuilder::new()
        .item(ObjectBuilder::new().schema_type(Type::String))
        .item(each)
        .description(Some("The same words in either language, or one rendering for each"))
        .build()
        .into()
}
