//! The declarations in force, and those that dossiers keep.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use forms::definition::FormDefinition;
use kernel::{Fault, Result};
use op::Op;
use uuid::Uuid;

use crate::definition::ProcedureDefinition;
use crate::store::definition::DefinitionRow;
use crate::{Dossiers, store};

/// A procedure that is carried out online, as one version declares it.
#[derive(Debug, Clone)]
pub struct OnlineProcedure {
    /// Key of the system.
    pub app: String,
    /// Code of the procedure.
    pub code: String,
    /// From 1, counted for each system.
    pub version: i32,
    /// How it is carried out.
    pub procedure: Arc<ProcedureDefinition>,
    /// Its form.
    pub form: Arc<FormDefinition>,
    /// Keys of the reasons for a refusal.
    pub refusal_reasons: BTreeSet<String>,
    pub(crate) id: Uuid,
}

impl Dossiers {
    /// The declaration of a system that is in force. Fails with `dossiers.not_online` {what}.
    pub async fn online(&self, op: &mut Op, app: &str) -> Result<Arc<OnlineProcedure>> {
        let id = store::definition::in_force(op.conn(), app)
            .await?
            .ok_or_else(|| Fault::not_found("dossiers.not_online").with("what", app))?;
        self.definition(op, id).await
    }

    /// The declaration in force for a procedure; `None` while it cannot be done online.
    pub async fn online_by_code(&self, op: &mut Op, code: &str) -> Result<Option<Arc<OnlineProcedure>>> {
        match store::definition::for_procedure(op.conn(), code).await? {
            Some((id, _)) => self.definition(op, id).await.map(Some),
            None => Ok(None),
        }
    }

    /// The declaration under which a draft of this version of the form is handed in.
    pub(crate) async fn online_with_form(
        &self,
        op: &mut Op,
        app: &str,
        form_version: &str,
    ) -> Result<Arc<OnlineProcedure>> {
        match store::definition::with_form(op.conn(), app, form_version).await? {
            Some(id) => self.definition(op, id).await,
            None => Err(Fault::not_found("dossiers.not_online").with("what", app)),
        }
    }

    /// A stored version, parsed once in this program: rows never change.
    pub(crate) async fn definition(&self, op: &mut Op, id: Uuid) -> Result<Arc<OnlineProcedure>> {
        if let Some(cached) = self.read_before(id) {
            return Ok(cached);
        }
        let row = store::definition::get(op.conn(), id)
            .await?
            .ok_or_else(|| Fault::internal("dossiers.broken_definition").with("what", id))?;
        let read = Arc::new(read(row)?);
        self.definitions
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, read.clone());
        Ok(read)
    }

    /// A stored version, if this program has parsed it already.
    pub(crate) fn read_before(&self, id: Uuid) -> Option<Arc<OnlineProcedure>> {
        let definitions = self.definitions.read().unwrap_or_else(PoisonError::into_inner);
        definitions.get(&id).cloned()
    }
}

fn read(row: DefinitionRow) -> Result<OnlineProcedure> {
    let broken = |what: &'static str| {
        move |error: serde_json::Error| {
            Fault::internal("dossiers.broken_definition")
                .with("what", what)
                .caused_by(error)
        }
    };
    Ok(OnlineProcedure {
        procedure: Arc::new(serde_json::from_value(row.declaration).map_err(broken("procedure"))?),
        form: Arc::new(serde_json::from_value(row.form).map_err(broken("form"))?),
        app: row.app,
        code: row.procedure_code,
        version: row.version,
        refusal_reasons: row.refusal_reasons.into_iter().collect(),
        id: row.id,
    })
}
