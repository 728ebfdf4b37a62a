//! Step-up (xác thực lại): an act that weighs waits on a page of its own until its official has shown once more who they are. The page sends
//! the very same form to the very same address, so nothing typed is lost and nothing is pressed twice.

use identity::Again;
use kernel::{Fault, FaultKind, Result};
use serde_json::{Value, json};
use web::{Answer, Fields, Resume, StatusCode, Visit};

use super::own::not_signed_in;
use super::passkeys::{FIELD, credential};
use super::providers::AGAIN;
use super::source;
use crate::House;
use crate::told::status_of;
use crate::words::Words;

const CODE: &str = "mat_khau.ma";
const RECOVERY: &str = "mat_khau.du_phong";
const PASSWORD: &str = "mat_khau.lai";

/// Whether a fault says that an act waits for this.
pub(crate) fn is_needed(fault: &Fault) -> bool {
    fault.code == "identity.step_up_needed"
}

/// Takes what a form of the page shows, if it comes from there. After a fault [`ask`] draws the page once more.
pub(crate) async fn take(visit: &mut Visit<House>, fields: &Fields) -> Result<()> {
    if [CODE, RECOVERY, PASSWORD, FIELD]
        .iter()
        .all(|name| fields.get(name).is_none())
    {
        return Ok(());
    }
    // Pressed twice: the first press has shown it.
    let op = visit.look().await?;
    let fresh = visit.state.identity.check_step_up(&op).is_ok();
    drop(op);
    if fresh {
        return Ok(());
    }
    let ip = visit.client_ip().to_string();
    let session = visit.session.ok_or_else(not_signed_in)?;
    let assertion = match fields.filled(FIELD) {
        Some(_) => Some(credential(fields, "identity.passkey_wrong")?),
        None => None,
    };
    let again = match (&assertion, fields.filled(RECOVERY).or(fields.get(CODE))) {
        (Some(assertion), _) => Again::Passkey(assertion),
        (None, Some(code)) => Again::Code(code),
        (None, None) => Again::Password(fields.get(PASSWORD).unwrap_or_default()),
    };
    let identity = &visit.state.identity;
    identity
        .step_up(&visit.site().ops, &visit.actor, session, again, source(visit, &ip))
        .await?;
    visit.has_shown_again();
    Ok(())
}

/// The page that asks. `action` is where its forms go, `fields` what they carry on.
pub(crate) async fn ask(visit: &Visit<House>, action: &str, fields: &Fields, fault: Option<Fault>) -> Answer {
    let fault = match fault {
        Some(fault) if matches!(fault.kind, FaultKind::Internal | FaultKind::Unavailable) => return Err(fault),
        told => told,
    };
    let identity = &visit.state.identity;
    let session = visit.session.ok_or_else(not_signed_in)?;
    let mut op = visit.op().await?;
    let ways = identity.again_ways(&mut op).await?;
    let question = if ways.passkey {
        let question = identity.step_up_question(&mut op, session).await?;
        // For the script, in an attribute.
        Some(json!(question).to_string())
    } else {
        None
    };
    // The word of a provider is a first factor.
    let providers: Vec<Value> = if ways.code {
        Vec::new()
    } else {
        let links = visit.state.federation.links(&mut op).await?;
        let linked = links.iter().filter(|link| link.linked_at.is_some());
        linked
            .map(|link| json!({ "key": link.provider.key, "name": link.provider.set, "simulator": link.provider.simulator }))
            .collect()
    };
    op.commit().await?;
    // The act itself goes along, where there is room for it.
    let carried: Vec<(String, String)> = fields
        .carried()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let resume = Resume {
        path: action.to_owned(),
        fields: carried,
    }
    .to_field();
    let providers = if resume.len() > federation::LONGEST_RESUME {
        Vec::new()
    } else {
        providers
    };
    let words = Words::new(visit, "");
    let by_recovery = fields.filled(RECOVERY).is_some();
    let said = fault.as_ref().map(|fault| match fault.code {
        "identity.code_wrong" if by_recovery => words.say("portal.code.recovery_wrong", []),
        _ => words.fault(fault),
    });
    let control = match (ways.password, by_recovery) {
        (true, _) => PASSWORD,
        (false, true) => RECOVERY,
        (false, false) => CODE,
    };
    let content = json!({
        "action": action, "carried": fields.carried(), "ways": ways, "question": question, "fault": said, "control": control,
        "by_recovery": by_recovery, "providers": providers, "resume": resume, "again": AGAIN,
    });
    let status = fault.as_ref().map_or(StatusCode::FORBIDDEN, status_of);
    visit.page_status(status, "portal/desk/again.html", content).await
}
