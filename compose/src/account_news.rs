//! What owners of accounts are told, so that a stranger does not stay unnoticed: sign-ins from new devices, guesses at codes, changes of login, password
//! and second factor, links with providers of identity.

use chrono::NaiveDate;
use kernel::{AccountId, Fault, PersonId, Result, local};
use notify::{Letter, Message, Notify};
use op::{Event, Op, Reactions};
use serde::Deserialize;

const DEVICES: &str = "/tai-khoan/thiet-bi";
const SECOND_FACTOR: &str = "/tai-khoan/hai-lop";
const PASSKEYS: &str = "/tai-khoan/khoa-truy-cap";
const PASSWORD: &str = "/tai-khoan/mat-khau";
const ACTING: &str = "/tai-khoan/lam-thay";
const PROVIDERS: &str = "/tai-khoan/lien-ket";

/// What the events say, as far as messages repeat it.
#[derive(Deserialize)]
struct Facts {
    account: AccountId,
    /// What was changed: `set`, `replaced`, `removed`, `reset`, `recovery_codes`, `passkey_added`, `passkey_removed`.
    #[serde(default)]
    what: String,
    /// What a passkey is called; the new login.
    #[serde(default)]
    name: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    browser: String,
    #[serde(default)]
    ip: String,
    #[serde(default)]
    left: u32,
    #[serde(default)]
    wrong: u32,
    /// Who asks to stand in, from which position, and when.
    #[serde(default)]
    holder: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    from: Option<NaiveDate>,
    #[serde(default)]
    to: Option<NaiveDate>,
    /// What was asked of an authority: `citizen`, `child`.
    #[serde(default)]
    kind: String,
    /// Which provider of identity: `vneid`, `national_portal`.
    #[serde(default)]
    set: Option<String>,
}

/// What events about somebody without an account say.
#[derive(Deserialize)]
struct Apart {
    person: PersonId,
    name: String,
    #[serde(default)]
    from: Option<NaiveDate>,
}

/// Listens to the accounts.
pub(crate) fn register(reactions: &mut Reactions, notify: &Notify) {
    write(reactions, notify);
    for (event, kind, link) in [
        ("identity.new_device", "new_device", DEVICES),
        ("identity.second_factor_changed", "second_factor_changed", SECOND_FACTOR),
        ("identity.recovery_code_used", "recovery_code_used", SECOND_FACTOR),
        ("identity.password_changed", "password_changed", DEVICES),
        ("identity.login_changed", "login_changed", DEVICES),
        ("identity.looked_after", "account_looked_after", "/tai-khoan"),
        ("identity.codes_guessed", "codes_guessed", PASSWORD),
        ("identity.passkey_cloned", "passkey_cloned", PASSKEYS),
        ("identity.substitution_given", "substitution_given", "/tai-khoan/vi-tri"),
        ("identity.registration_approved", "registration_approved", "/tai-khoan"),
        ("identity.registration_refused", "registration_refused", ACTING),
        ("identity.code_issued", "code_issued", "/tai-khoan/thiet-bi"),
        ("identity.attorney_given", "attorney_given", ACTING),
        ("identity.attorney_confirmed", "attorney_confirmed", ACTING),
        ("identity.standing_asked", "standing_asked", ACTING),
        ("identity.standing_begun", "standing_begun", ACTING),
        ("identity.representation_replaced", "representation_replaced", ACTING),
        ("identity.acted_for", "acted_for", ACTING),
        ("identity.house_left", "house_left", ACTING),
        ("identity.representation_ended", "representation_ended", ACTING),
        ("identity.merge_proposed", "merge_proposed", "/tai-khoan/gop"),
        ("identity.merge_objected", "merge_objected", "/tai-khoan"),
        ("identity.merge_refused", "merge_refused", "/tai-khoan"),
        ("identity.accounts_merged", "accounts_merged", "/tai-khoan"),
        ("federation.linked", "provider_linked_vneid", PROVIDERS),
        ("federation.unlinked", "provider_unlinked_vneid", PROVIDERS),
    ] {
        let notify = notify.clone();
        reactions.on(event, move |op: &mut Op, event: &Event| {
            let notify = notify.clone();
            Box::pin(async move { tell(&notify, op, event, kind, link).await })
        });
    }
}

/// Whoever has no account and so no box is written to, by the address that is kept of them.
fn write(reactions: &mut Reactions, notify: &Notify) {
    for (event, kind) in [
        ("identity.merge_proposed_apart", "merge_proposed_letter"),
        ("identity.merge_ended_apart", "merge_ended_letter"),
    ] {
        let notify = notify.clone();
        reactions.on(event, move |op: &mut Op, event: &Event| {
            let notify = notify.clone();
            Box::pin(async move {
                let facts: Apart = serde_json::from_value(event.payload.clone()).map_err(|error| {
                    Fault::internal("compose.event_broken")
                        .with("event", event.kind)
                        .caused_by(error)
                })?;
                let letter = Letter::new(facts.person, kind, "/")
                    .with("name", facts.name)
                    .with("at", local(op.now()).format("%H:%M %d/%m/%Y"))
                    .with("from", day(facts.from));
                notify.write(op, letter).await
            })
        });
    }
}

async fn tell(notify: &Notify, op: &mut Op, event: &Event, kind: &'static str, link: &str) -> Result<()> {
    let facts: Facts = serde_json::from_value(event.payload.clone()).map_err(|error| {
        Fault::internal("compose.event_broken")
            .with("event", event.kind)
            .caused_by(error)
    })?;
    let (kind, link) = match facts.what.as_str() {
        "removed" | "reset" => ("second_factor_removed", link),
        "recovery_codes" => ("recovery_codes_renewed", link),
        "authenticator_removed" => ("authenticator_removed", link),
        "passkey_added" => ("passkey_added", PASSKEYS),
        "passkey_removed" => ("passkey_removed", PASSKEYS),
        "suspended" => ("account_suspended", link),
        "resumed" => ("account_resumed", link),
        "sessions_ended" => ("sessions_ended_by_manager", link),
        "suspended_dormant" => ("account_suspended_dormant", link),
        "role_withheld" => ("role_withheld", link),
        "role_returned" => ("role_returned", link),
        "entry_code_withdrawn" => ("entry_code_withdrawn", link),
        "entry_code_given" => ("entry_code_given", DEVICES),
        _ => (kind, link),
    };
    let kind = match (kind, facts.set.as_deref()) {
        ("provider_linked_vneid", Some("national_portal")) => "provider_linked_national_portal",
        ("provider_unlinked_vneid", Some("national_portal")) => "provider_unlinked_national_portal",
        (kind, _) => kind,
    };
    // Whoever gets an account is told otherwise than whoever may act for another.
    let (kind, link) = match (kind, facts.kind.as_str()) {
        ("registration_approved", "organisation" | "member" | "child") => ("standing_approved", ACTING),
        ("registration_refused", _) => ("standing_refused", link),
        ("standing_begun", "child") => ("parent_begun", link),
        (kind, _) => (kind, link),
    };
    let message = Message::new(facts.account, kind, link)
        .with("reason", facts.reason)
        .with("at", local(op.now()).format("%H:%M %d/%m/%Y"))
        .with(
            "name",
            if facts.holder.is_empty() {
                facts.name
            } else {
                facts.holder
            },
        )
        .with("title", facts.title)
        .with("from", day(facts.from))
        .with("to", day(facts.to))
        .with("browser", facts.browser)
        .with("ip", facts.ip)
        .with("left", facts.left)
        .with("wrong", facts.wrong);
    notify.send(op, message).await?;
    Ok(())
}

fn day(day: Option<NaiveDate>) -> String {
    day.map(|day| day.format("%d/%m/%Y").to_string()).unwrap_or_default()
}
