//! Putting the declaration of a procedure into force.

use std::collections::BTreeSet;

use forms::definition::FormDefinition;
use kernel::{Fault, Result};
use op::{Entry, Op};
use sha2::{Digest, Sha256};

use crate::catalogue::Catalogue;
use crate::definition::ProcedureDefinition;
use crate::store::definition::NewDefinition;
use crate::{Dossiers, access, store};

/// What a system declares about the procedure that it carries out.
#[derive(Debug, Clone)]
pub struct AppProcedure<'a> {
    /// Key of the system.
    pub app: &'a str,
    /// How the procedure is carried out.
    pub procedure: &'a ProcedureDefinition,
    /// The form that it names.
    pub form: &'a FormDefinition,
    /// Keys of the reasons for a refusal that the system's texts hold (`refusal_reasons.<key>`).
    pub refusal_reasons: BTreeSet<String>,
}

impl Dossiers {
    /// Takes out of force, and out of the catalogue, what is not among these pairs of a system and its procedure: a system that left
    /// the program, or serves another procedure now. Dossiers keep the version with which they began.
    pub async fn withdraw_others(&self, op: &mut Op, serving: &[(&str, &str)]) -> Result<()> {
        let permit = op
            .allow(
                "dossiers.publish",
                "app:all",
                access::publish(op.rights(), "dossiers.publish"),
            )
            .await?;
        store::definition::lock(op.conn(), &permit).await?;
        let withdrawn = store::definition::withdraw_others(op.conn(), &permit, serving).await?;
        Catalogue.mark_offline(op, serving).await?;
        for (app, code) in withdrawn {
            let detail = serde_json::json!({ "code": code });
            op.record(Entry::new("dossiers.withdrawn_from_use", format!("app:{app}")).detail(detail))
                .await?;
        }
        Ok(())
    }

    /// Stores a declaration with its form and makes it the one that new dossiers take; gives its version. The same content
    /// is stored once. Dossiers keep the version with which they began.
    ///
    /// Fails with `dossiers.procedure_taken` {code, app} while another system serves the procedure.
    pub async fn publish(&self, op: &mut Op, new: AppProcedure<'_>) -> Result<i32> {
        let subject = format!("app:{}", new.app);
        let decision = access::publish(op.rights(), "dossiers.publish");
        let permit = op.allow("dossiers.publish", &subject, decision).await?;
        store::definition::lock(op.conn(), &permit).await?;
        let code = new.procedure.code.as_str();
        if let Some((_, app)) = store::definition::for_procedure(op.conn(), code).await?
            && app != new.app
        {
            return Err(Fault::conflict("dossiers.procedure_taken")
                .with("code", code)
                .with("app", app));
        }
        self.parts.forms.publish(op, new.app, new.form).await?;
        Catalogue
            .mark_online(op, code, new.app, new.procedure.level.key())
            .await?;
        let declaration = json(new.procedure)?;
        let form = json(new.form)?;
        let sha256 = digest(&declaration, &form, &new.refusal_reasons);
        let (id, version) = match store::definition::with_content(op.conn(), new.app, &sha256).await? {
            Some((_, version, true)) => return Ok(version),
            Some((id, version, false)) => (id, version),
            None => {
                let version = store::definition::newest_version(op.conn(), new.app).await? + 1;
                let row = NewDefinition {
                    app: new.app,
                    procedure_code: code,
                    version,
                    sha256: &sha256,
                    declaration,
                    form_version: &new.form.version(),
                    form,
                    refusal_reasons: new.refusal_reasons.into_iter().collect(),
                    at: op.now(),
                };
                (store::definition::insert(op.conn(), &permit, row).await?, version)
            }
        };
        store::definition::put_in_force(op.conn(), &permit, new.app, id).await?;
        let detail = serde_json::json!({ "code": code, "version": version, "sha256": sha256 });
        op.record(Entry::new("dossiers.published", subject).detail(detail))
            .await?;
        Ok(version)
    }
}

fn json(declaration: &impl serde::Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(declaration).map_err(|error| {
        Fault::internal("dossiers.broken_definition")
            .with("what", "json")
            .caused_by(error)
    })
}

fn digest(declaration: &serde_json::Value, form: &serde_json::Value, reasons: &BTreeSet<String>) -> String {
    let all = serde_json::json!([declaration, form, reasons]);
    hex::encode(Sha256::digest(all.to_string()))
}
