//! Putting systems into force.

use dossiers::AppProcedure;
use kernel::{Actor, Result};
use op::Ops;

use super::App;
use crate::Engines;

/// A system that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its key.
    pub app: String,
    /// Number of the version of its procedure.
    pub version: i32,
}

/// Puts the forms, processes and procedures of the systems into force; their registers are for [`super::publish_registers`]. Each engine stores the same content once, so that a start
/// without changes writes nothing. One system is one transaction: a process never comes into force without its form. Before that,
/// systems that are not among these are taken out of force.
pub async fn publish(ops: &Ops, engines: &Engines, apps: &[App]) -> Result<Vec<Published>> {
    let procedures: Vec<(&str, &str)> = apps
        .iter()
        .filter_map(|app| Some((app.key.as_str(), app.procedure.as_ref()?.code.as_str())))
        .collect();
    let mut op = ops.open(Actor::System("compose")).await?;
    engines.dossiers.withdraw_others(&mut op, &procedures).await?;
    op.commit().await?;
    let mut published = Vec::with_capacity(procedures.len());
    for app in apps.iter().filter(|app| app.procedure.is_some()) {
        let mut op = ops.open(Actor::System("compose")).await?;
        for form in app.forms.values() {
            engines.forms.publish(&mut op, &app.key, form).await?;
        }
        for process in app.processes.values() {
            engines.workflow.publish(&mut op, &app.key, process).await?;
        }
        let procedure = AppProcedure {
            app: &app.key,
            procedure: app.procedure()?,
            form: app.form()?,
            refusal_reasons: app.refusal_reasons.clone(),
        };
        let version = engines.dossiers.publish(&mut op, procedure).await?;
        op.commit().await?;
        published.push(Published {
            app: app.key.clone(),
            version,
        });
    }
    Ok(published)
}
