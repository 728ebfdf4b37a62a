//! Making a register from outside a browser: the same as its pages do.

use std::collections::BTreeMap;

use axum::body::Body;
use chrono::{DateTime, Utc};
use kernel::{FieldFault, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;
use web::{Answer, Doc, Door, Method, Routes, Site, Visit, attachment};

use super::{Nothing, TAG, engine};
use crate::definition::{Drawn, DrawnProblem, json_schema};
use crate::{DraftLine, Registry, error};

const DRAWS: Door = Door::Right("registry.publish");

/// A drawing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftBody {
    /// The declaration as far as it is drawn, in the shape of its file.
    pub tree: Value,
}

/// A drawing as it is to be now.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftChangeBody {
    /// The declaration as far as it is drawn, in the shape of its file.
    pub tree: Value,
    /// The version that was seen: another one is not written over.
    pub version: String,
}

/// Which state of a drawing is meant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftSeenBody {
    /// The version that was seen.
    pub version: String,
}

/// A register in force that is to be drawn on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftOfBody {
    /// Key of the register.
    pub register: String,
}

/// A row that is tried.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowBody {
    /// By field, as it was typed.
    pub values: Map<String, Value>,
}

/// A line of one's drawings.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DraftLineAnswer {
    /// The drawing (UUID).
    pub id: Uuid,
    /// What the register is to be called.
    pub name: String,
    /// When it was changed.
    pub changed_at: DateTime<Utc>,
}

impl From<DraftLine> for DraftLineAnswer {
    fn from(line: DraftLine) -> Self {
        Self {
            id: line.id,
            name: line.name,
            changed_at: line.changed_at,
        }
    }
}

/// One's drawings.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DraftList {
    /// The latest first.
    pub items: Vec<DraftLineAnswer>,
}

/// A drawing with everything that is wrong with it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DraftAnswer {
    /// The drawing (UUID).
    pub id: Uuid,
    /// The version of it; changes name it.
    pub version: String,
    /// When it was changed.
    pub changed_at: DateTime<Utc>,
    /// The declaration as far as it is drawn.
    pub tree: Value,
    /// Its file.
    pub yaml: String,
    /// Everything that is wrong; none: it may be put into force.
    pub problems: Vec<DrawnProblem>,
    /// JSON Schema of its records, once nothing is wrong.
    pub schema: Option<Value>,
    /// What putting it into force would do, once nothing is wrong.
    pub rehearsal: Option<RehearsalAnswer>,
}

/// What putting a declaration into force would do (chạy thử).
#[derive(Debug, Serialize, JsonSchema)]
pub struct RehearsalAnswer {
    /// SHA-256 of the declaration, as hex.
    pub digest: String,
    /// Whether it is in force already.
    pub in_force: bool,
    /// The changes of tables.
    pub steps: Value,
    /// What it opens of what is in force, or protects less.
    pub notices: Vec<NoticeAnswer>,
    /// Why it is refused, each with the number of records against it.
    pub refusals: Vec<RefusalAnswer>,
}

/// Something that a declaration opens, or protects less than the one in force.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NoticeAnswer {
    /// What, with what it was and will be.
    pub notice: Value,
    /// In the language of the request.
    pub text: String,
}

/// Something that stands against a declaration.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefusalAnswer {
    /// What must hold.
    pub condition: Value,
    /// The records against it.
    pub records: i64,
}

impl RehearsalAnswer {
    fn of<S: AsRef<Site>>(visit: &Visit<S>, rehearsal: crate::Rehearsal) -> Self {
        let texts = visit.site().renderer.texts();
        let notice = |one: &crate::Notice| NoticeAnswer {
            notice: serde_json::to_value(one).unwrap_or_default(),
            text: one.said(&texts, visit.locale),
        };
        let refusal = |one: crate::Refusal| RefusalAnswer {
            condition: serde_json::to_value(&one.condition).unwrap_or_default(),
            records: one.records,
        };
        Self {
            digest: rehearsal.digest,
            in_force: rehearsal.in_force,
            steps: serde_json::to_value(&rehearsal.plan.steps).unwrap_or_default(),
            notices: rehearsal.plan.notices.iter().map(notice).collect(),
            refusals: rehearsal.refusals.into_iter().map(refusal).collect(),
        }
    }
}

/// What became of a row that was tried.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RowAnswer {
    /// The values as the register would keep them; nothing where something is wrong.
    pub values: Map<String, Value>,
    /// Everything that is wrong, by field.
    pub faults: Vec<TriedFault>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TriedFault {
    /// The field.
    pub field: String,
    /// The code.
    pub code: String,
    /// Values for its words.
    pub params: BTreeMap<String, String>,
}

impl From<FieldFault> for TriedFault {
    fn from(fault: FieldFault) -> Self {
        Self {
            field: fault.field,
            code: fault.code,
            params: fault.params,
        }
    }
}

/// A register that is in force now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PublicationAnswer {
    /// Its key.
    pub register: String,
    /// What was done.
    pub rehearsal: RehearsalAnswer,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Registry> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_get(
            "/api/v1/register-drafts",
            DRAWS,
            Doc::new(
                "listRegisterDrafts",
                TAG,
                "Registers that one is drawing, the latest first.",
            ),
            list,
        )
        .api_post(
            "/api/v1/register-drafts",
            DRAWS,
            Doc::new(
                "createRegisterDraft",
                TAG,
                "Keeps a new drawing of a register, be it sound or not.",
            )
            .created(),
            create,
        )
        .api_post(
            "/api/v1/register-drafts/of-register",
            DRAWS,
            Doc::new(
                "drawOnRegister",
                TAG,
                "A drawing of a register in force that was made in the browser, to add to it.",
            )
            .created(),
            of_register,
        )
        .api_get(
            "/api/v1/register-drafts/{id}",
            DRAWS,
            Doc::new(
                "getRegisterDraft",
                TAG,
                "A drawing with its file, everything that is wrong with it, and what putting it into force would do.",
            ),
            show,
        )
        .api_send(
            Method::PUT,
            "/api/v1/register-drafts/{id}",
            DRAWS,
            Doc::new("saveRegisterDraft", TAG, "Keeps a drawing as it is now."),
            save,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/register-drafts/{id}",
            DRAWS,
            Doc::new("discardRegisterDraft", TAG, "Throws a drawing away."),
            discard,
        )
        .api_download(
            "/api/v1/register-drafts/{id}/declaration",
            DRAWS,
            Doc::new(
                "downloadRegisterDraft",
                TAG,
                "The file of a drawing, as systems declare registers.",
            ),
            download,
        )
        .api_download(
            "/api/v1/registers/{register}/declaration",
            DRAWS,
            Doc::new(
                "downloadRegisterDeclaration",
                TAG,
                "The file of a register in force, as systems declare registers.",
            ),
            declaration,
        )
        .api_post(
            "/api/v1/register-drafts/{id}/rows",
            DRAWS,
            Doc::new(
                "tryRegisterRow",
                TAG,
                "Reads a row as the register would; nothing is kept.",
            ),
            try_row,
        )
        .api_post(
            "/api/v1/register-drafts/{id}/publication",
            DRAWS,
            Doc::new("publishRegisterDraft", TAG, "Puts a drawing into force that is sound."),
            publish,
        )
}

async fn answer<S: AsRef<Site> + AsRef<Registry>>(visit: &Visit<S>, op: &mut op::Op, id: Uuid) -> Result<DraftAnswer> {
    let draft = engine(visit).draft(op, id).await?;
    let Drawn {
        yaml,
        definition,
        problems,
    } = engine(visit).check_drawn(op, &draft.tree).await?;
    let rehearsal = match &definition {
        Some(definition) => {
            let rehearsal = engine(visit).rehearse(op, definition).await?;
            Some(RehearsalAnswer::of(visit, rehearsal))
        }
        None => None,
    };
    Ok(DraftAnswer {
        id,
        version: draft.version,
        changed_at: draft.changed_at,
        tree: draft.tree,
        yaml,
        problems,
        schema: definition.as_ref().map(json_schema),
        rehearsal,
    })
}

async fn list<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Result<DraftList> {
    let mut op = visit.look().await?;
    let drafts = engine(&visit).drafts(&mut op).await?;
    Ok(DraftList {
        items: drafts.into_iter().map(Into::into).collect(),
    })
}

async fn create<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: DraftBody) -> Result<DraftAnswer> {
    let mut op = visit.op().await?;
    let id = engine(&visit).save_draft(&mut op, None, body.tree).await?;
    let answer = answer(&visit, &mut op, id).await?;
    op.commit().await?;
    Ok(answer)
}

async fn of_register<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: DraftOfBody) -> Result<DraftAnswer> {
    let mut op = visit.op().await?;
    let id = engine(&visit).draft_of(&mut op, &body.register).await?;
    let answer = answer(&visit, &mut op, id).await?;
    op.commit().await?;
    Ok(answer)
}

async fn show<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Result<DraftAnswer> {
    let mut op = visit.look().await?;
    answer(&visit, &mut op, visit.parse_param("id")?).await
}

async fn save<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: DraftChangeBody) -> Result<DraftAnswer> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit)
        .save_draft(&mut op, Some((id, &body.version)), body.tree)
        .await?;
    let answer = answer(&visit, &mut op, id).await?;
    op.commit().await?;
    Ok(answer)
}

async fn discard<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, _: Nothing) -> Result<DraftList> {
    let mut op = visit.op().await?;
    engine(&visit).discard_draft(&mut op, visit.parse_param("id")?).await?;
    let drafts = engine(&visit).drafts(&mut op).await?;
    op.commit().await?;
    Ok(DraftList {
        items: drafts.into_iter().map(Into::into).collect(),
    })
}

async fn download<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Answer {
    let mut op = visit.look().await?;
    let draft = engine(&visit).draft(&mut op, visit.parse_param("id")?).await?;
    let drawn = Drawn::of(&draft.tree);
    let name = draft.tree["record"]
        .as_str()
        .filter(|name| !name.is_empty())
        .unwrap_or("register");
    let file = format!("{name}.record.yaml");
    Ok(attachment(&file, "application/yaml", Body::from(drawn.yaml), false))
}

async fn declaration<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Answer {
    let mut op = visit.look().await?;
    let published = engine(&visit).register(&mut op, visit.param("register")).await?;
    let file = format!("{}.record.yaml", published.definition.record);
    let yaml = published.definition.to_yaml();
    Ok(attachment(&file, "application/yaml", Body::from(yaml), false))
}

async fn try_row<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: RowBody) -> Result<RowAnswer> {
    let mut op = visit.look().await?;
    let draft = engine(&visit).draft(&mut op, visit.parse_param("id")?).await?;
    let drawn = engine(&visit).check_drawn(&mut op, &draft.tree).await?;
    let Some(definition) = drawn.definition else {
        return Err(error::draft_unsound(drawn.problems.len()));
    };
    match engine(&visit).try_row(&mut op, &definition, &body.values).await {
        Ok(values) => Ok(RowAnswer {
            values,
            faults: Vec::new(),
        }),
        Err(fault) if fault.code == "registry.invalid" => Ok(RowAnswer {
            values: Map::new(),
            faults: fault.fields.into_iter().map(Into::into).collect(),
        }),
        Err(fault) => Err(fault),
    }
}

async fn publish<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: DraftSeenBody) -> Result<PublicationAnswer> {
    let mut op = visit.op().await?;
    let id = visit.parse_param("id")?;
    let (register, rehearsal) = engine(&visit).publish_draft(&mut op, id, &body.version).await?;
    op.commit().await?;
    let rehearsal = RehearsalAnswer::of(&visit, rehearsal);
    Ok(PublicationAnswer { register, rehearsal })
}
