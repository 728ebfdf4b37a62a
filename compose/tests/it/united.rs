//! Two accounts of one person become one (R030, R032): what every engine keeps follows, and nothing is forgotten.

use std::collections::BTreeSet;

use compose::scenarios::{self, Case, What};
use db::PageRequest;
use forms::{Applicant, Channel, NewDraft};
use identity::{NewAccount, NewMerge, NewPerson};
use kernel::{AccountId, Actor, PersonId};
use notify::Message;
use op::Op;
use privacy::{Kind, NewRequest};
use render::Locale;
use serde_json::Value;
use testkit::Scratch;
use uuid::Uuid;

use crate::house::{House, house};

const NEW: &str = "999192000028";

/// Columns that hold a person or an account whose things follow: by the engine that keeps them.
const FOLLOWS: &[&str] = &[
    "dossiers.dossier.owner_person",
    "dossiers.dossier.submitter_account",
    "dossiers.dossier.submitter_person",
    "federation.journey.again",
    "federation.journey.linking",
    "federation.link.account",
    "forms.draft.account",
    "forms.draft.holder",
    "identity.registration.asked_by",
    "identity.registration.person",
    "identity.representation.represented",
    "identity.representation.representative",
    "identity.standing_voice.account",
    "identity.standing_voice.asker",
    "identity.standing_voice.represented",
    "identity.withheld_role.person",
    "notify.message.account",
    "notify.preference.account",
    "openid.authorisation.account",
    "openid.authorisation.person",
    "openid.consent.account",
    "oversight.emergency_report.account",
    "oversight.review_line.person",
    "privacy.bound.person",
    "privacy.consent.account",
    "privacy.consent.person",
    "privacy.incident_person.person",
    "privacy.request.account",
    "privacy.request.person",
    "registry.bulk.asked_by",
    "registry.draft_register.person",
    "registry.import.started_by",
    "registry.proposal.proposed_by",
    "scim.user.person",
];

/// All others, and why nothing follows.
const STAYS: &[(&str, &str)] = &[
    ("dossiers.document.issued_by", "who did it"),
    ("dossiers.fee.collected_by", "who did it"),
    ("dossiers.history.actor", "who did it"),
    ("dossiers.paper.added_by", "who did it"),
    ("dossiers.supplement.asked_by", "who did it"),
    ("dossiers.work.assignee_id", "officials"),
    ("files.file.holder", "a draft or a dossier, which follow"),
    ("files.file.uploaded_by", "who did it"),
    (
        "identity.account.person",
        "the account closes; it follows where there is no other",
    ),
    (
        "identity.account_line.account",
        "history of the account, told for the person",
    ),
    ("identity.account_line.by", "who did it"),
    ("identity.counter_code.account", "opens nothing any more"),
    ("identity.counter_code.issued_by", "who did it"),
    ("identity.device.account", "opens nothing any more"),
    (
        "identity.emergency.account",
        "history of an official, told for the person",
    ),
    ("identity.emergency.ended_by", "who did it"),
    (
        "identity.emergency.person",
        "history of an official, told for the person",
    ),
    ("identity.entry_code.account", "opens nothing any more"),
    ("identity.entry_code.given_by", "who did it"),
    ("identity.half_sign_in.account", "opens nothing any more"),
    (
        "identity.holding.person",
        "nobody is joined who holds a position; what was held stays, and is told",
    ),
    ("identity.merge.decided_by", "who did it"),
    ("identity.merge.from_account", "the trail itself"),
    ("identity.merge.from_person", "the trail itself"),
    ("identity.merge.into_account", "the trail itself"),
    ("identity.merge.into_person", "the trail itself"),
    ("identity.merge.proposed_by", "who did it"),
    ("identity.passkey.account", "opens nothing any more"),
    ("identity.passkey_challenge.account", "opens nothing any more"),
    ("identity.person.merged_into", "the trail itself"),
    ("identity.recovery_code.account", "opens nothing any more"),
    ("identity.registration.decided_by", "who did it"),
    ("identity.registration.seen_by", "who did it"),
    ("identity.reorganisation.executed_by", "who did it"),
    ("identity.representation.ended_by", "who did it"),
    ("identity.representation.given_by", "who did it"),
    ("identity.session.account", "ended, and told for the person"),
    ("identity.substitution.ended_by", "who did it"),
    ("identity.substitution.given_by", "who did it"),
    ("identity.substitution.holder", "nobody is joined who holds a position"),
    (
        "identity.substitution.substitute",
        "nobody is joined who holds a position",
    ),
    ("identity.totp.account", "opens nothing any more"),
    ("identity.withheld_role.by", "who did it"),
    ("identity.withheld_role.returned_by", "who did it"),
    ("op.audit_entry.actor", "never changed"),
    ("op.audit_entry.person", "never changed; the person asks for both"),
    ("op.event.actor", "who did it"),
    ("oversight.campaign.opened_by", "who did it"),
    ("oversight.emergency_report.reviewed_by", "who did it"),
    ("oversight.review_line.answered_by", "who did it"),
    ("privacy.request_line.actor", "who did it"),
    ("registry.bulk.account", "who did it"),
    ("registry.bulk.decided_by", "who did it"),
    ("registry.import.account", "who did it"),
    ("registry.import.decided_by", "who did it"),
    ("registry.merged.by_person", "who did it"),
    ("registry.proposal.decided_by", "who did it"),
    ("registry.register.owner", "an agency"),
    ("registry.twin.decided_by", "who did it"),
    ("registry.twin.found_by", "the run, nobody"),
    ("registry.version.published_by", "who did it"),
    ("workflow.calendar_year.updated_by", "who did it"),
    ("workflow.task.assignee_id", "officials"),
    ("workflow.task.completed_by", "officials"),
];

// shows: R030
#[tokio::test]
async fn every_column_that_holds_a_person_or_an_account_follows_or_says_why_not() {
    let scratch = Scratch::new(compose::MIGRATIONS).await;
    // By what they refer to, and across engines, where there are no such references, by what they are called.
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT schema.nspname || '.' || class.relname || '.' || attribute.attname
         FROM pg_attribute AS attribute
         JOIN pg_class AS class ON class.oid = attribute.attrelid
         JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
         WHERE class.relkind IN ('r', 'p') AND attribute.attnum > 0 AND NOT attribute.attisdropped
           AND schema.nspname !~ '^(pg_|information_schema|public$)'
           AND attribute.atttypid IN ('uuid'::regtype, 'text'::regtype)
           AND (attribute.attname ~ '(^|_)(person|account|holder|owner|actor|by|uploader|assignee_id|user|subject_of)$'
                OR attribute.attname IN ('again', 'linking', 'represented', 'representative', 'asker', 'substitute', 'merged_into')
                OR EXISTS (SELECT FROM pg_constraint AS reference
                           WHERE reference.contype = 'f' AND reference.conrelid = class.oid
                             AND attribute.attnum = ANY (reference.conkey)
                             AND reference.confrelid IN ('identity.person'::regclass, 'identity.account'::regclass)))
         ORDER BY 1",
    )
    .fetch_all(&scratch.pool)
    .await
    .unwrap();
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    let listed: Vec<&str> = FOLLOWS
        .iter()
        .copied()
        .chain(STAYS.iter().map(|(name, _)| *name))
        .collect();
    let known: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(known.len(), listed.len(), "a column follows or stays");
    assert_eq!(
        found, known,
        "a new column that holds a person or an account follows the person who remains, or says here why not"
    );
}

/// The other account of somebody.
async fn other(house: &House, name: &str, number: &str) -> Actor {
    let identity = &house.player.engines.identity;
    let mut op = house.player.ops.open(Actor::System("test")).await.unwrap();
    let new = NewPerson {
        personal_number: Some(number.parse().unwrap()),
        synthetic: true,
        ..NewPerson::named(name)
    };
    let person = identity.register_person(&mut op, &new).await.unwrap();
    let new = NewAccount {
        person,
        login: number.to_owned(),
        password: None,
    };
    let account = identity.create_account(&mut op, &new).await.unwrap();
    op.commit().await.unwrap();
    house.player.actor(account).await.unwrap()
}

async fn official(house: &House, login: &str) -> Actor {
    let identity = &house.player.engines.identity;
    let mut op = house.player.ops.open(Actor::System("test")).await.unwrap();
    let account = identity.account_by_login(&mut op, login).await.unwrap().unwrap();
    drop(op);
    house.player.actor(account.id).await.unwrap()
}

async fn op(house: &House, actor: &Actor) -> Op {
    house.player.ops.open(actor.clone()).await.unwrap()
}

/// The administrator proposes.
async fn propose(house: &House, account: AccountId) -> Uuid {
    let admin = official(house, "quantri.tinh").await;
    let op = op(house, &admin).await;
    let new = NewMerge {
        number: NEW.into(),
        paper: "Quyết định xác lập lại số định danh 7/QĐ".into(),
        differs: false,
        why: String::new(),
    };
    let identity = &house.player.engines.identity;
    identity.propose_merge(op, account, &new).await.unwrap()
}

/// Another official confirms, when the owners have had their time.
async fn confirm(house: &House, id: Uuid) {
    house.scratch.clock.advance(chrono::Duration::days(3));
    let officer = official(house, "dulieu.tinh").await;
    let mut op = op(house, &officer).await;
    house.player.engines.identity.confirm_merge(&mut op, id).await.unwrap();
    op.commit().await.unwrap();
}

async fn count(house: &House, sql: &'static str, who: Uuid) -> i64 {
    sqlx::query_scalar(sql)
        .bind(who)
        .fetch_one(&house.scratch.pool)
        .await
        .unwrap()
}

async fn ask(house: &House, actor: &Actor, kind: Kind) -> Uuid {
    let mut op = op(house, actor).await;
    let new = NewRequest {
        kind,
        details: "Xem dữ liệu của tôi.".into(),
        wishes: Vec::new(),
        purposes: Vec::new(),
    };
    let id = house.player.engines.privacy.ask(&mut op, new).await.unwrap();
    op.commit().await.unwrap();
    id
}

async fn begin(house: &House, actor: &Actor) -> Uuid {
    let app = house.apps.iter().find(|app| app.key == "civil-extract").unwrap();
    let mut op = op(house, actor).await;
    let new = NewDraft {
        app: app.key.clone(),
        form: app.form().unwrap().form.clone(),
        channel: Channel::Online,
        applicant: Applicant::default(),
        context: Value::Null,
    };
    let draft = house.player.engines.forms.start_draft(&mut op, new).await.unwrap();
    op.commit().await.unwrap();
    draft.id.uuid()
}

/// Whose links, consents and sign-ins stand in the tables as if applications and providers had written them.
async fn link(house: &House, actor: &Actor, subject: &str) {
    let (account, person) = (actor.account().unwrap().uuid(), actor.person().unwrap().uuid());
    sqlx::query(
        "INSERT INTO federation.link (id, provider, subject, account, linked_at, last_used_at) VALUES ($1, 'vneid', $2, $3, now(), now())",
    )
    .bind(Uuid::now_v7())
    .bind(subject)
    .bind(account)
    .execute(&house.scratch.pool)
    .await
    .unwrap();
    for statement in [
        "INSERT INTO openid.client (id, name, description, auth, redirect_uris, post_logout_uris, grants, scopes, audience, trusted, dpop,
                                    introspects, created_at, changed_at, id_token_signed_response_alg)
         VALUES ('ung-dung-1', 'Sổ tay', '', 'none', '{}', '{}', '{}', '{}', 'everybody', false, false, false, now(), now(), 'ES256')
         ON CONFLICT DO NOTHING",
    ] {
        sqlx::query(statement).execute(&house.scratch.pool).await.unwrap();
    }
    sqlx::query("INSERT INTO openid.consent (id, account, client, scopes, given_at) VALUES ($1, $2, 'ung-dung-1', '{openid}', now())")
        .bind(Uuid::now_v7())
        .bind(account)
        .execute(&house.scratch.pool)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO openid.authorisation (id, client, account, person, session, offline, scopes, auth_at, two_factors, created_at, expires_at,
                                           assurance)
         VALUES ($1, 'ung-dung-1', $2, $3, $4, true, '{openid}', now(), false, now(), now() + interval '1 year', 'low')",
    )
    .bind(Uuid::now_v7())
    .bind(account)
    .bind(person)
    .bind(Uuid::now_v7())
    .execute(&house.scratch.pool)
    .await
    .unwrap();
}

// shows: R030, R032
#[tokio::test]
async fn everything_that_the_engines_keep_follows_in_one_operation() {
    let house = house().await;
    let app = house.apps.iter().find(|app| app.key == "civil-extract").unwrap();
    scenarios::run(&house.player, &house.scratch.clock, &house.jobs, app, &app.scenarios[0])
        .await
        .unwrap();
    let engines = &house.player.engines;
    let old = official(&house, "congdan").await;
    let new = other(&house, old.name(), NEW).await;
    let (from, into) = (old.person().unwrap().uuid(), new.person().unwrap().uuid());
    let (closes, remains) = (old.account().unwrap().uuid(), new.account().unwrap().uuid());
    let draft = begin(&house, &old).await;
    for actor in [&old, &new] {
        link(&house, actor, &format!("vneid-{}", actor.account().unwrap())).await;
        ask(&house, actor, Kind::See).await;
        let mut op = op(&house, actor).await;
        let message = Message::new(actor.account().unwrap(), "code_issued", "/tai-khoan").once("hai nơi");
        engines.notify.send(&mut op, message).await.unwrap();
        op.commit().await.unwrap();
    }
    // One has allowed both purposes; the other has taken one of them back.
    for (actor, purpose) in [(&old, "reminders"), (&old, "improvement"), (&new, "improvement")] {
        let mut op = op(&house, actor).await;
        let version = engines.privacy.declaration().purpose(purpose).unwrap().version;
        engines
            .privacy
            .give_consent(&mut op, purpose, version, Locale::Vi)
            .await
            .unwrap();
        op.commit().await.unwrap();
    }
    let mut taking_back = op(&house, &new).await;
    engines
        .privacy
        .end_consent(&mut taking_back, "improvement")
        .await
        .unwrap();
    taking_back.commit().await.unwrap();
    let cases = "SELECT count(*) FROM dossiers.dossier WHERE $1 IN (owner_person, submitter_person)";
    let had = count(&house, cases, from).await;
    assert!(had > 0);
    let trail = "SELECT count(*) FROM op.audit_entry WHERE person = $1";
    let entries = count(&house, trail, from).await;

    for statement in [
        "INSERT INTO registry.version (register, digest, definition, published_at, published_by) VALUES ('stall', 'd', '{}', now(), 'test')",
        "INSERT INTO registry.register (register, app, digest, owner, agencies, readers, enters, catalogue, name_vi, name_en, name_key, words,
                                        published_at)
         VALUES ('stall', 'demo', 'd', gen_random_uuid(), '{}', 'owner', '{}', false, 'Sạp', 'Stalls', 'sap', 'sap', now())",
    ] {
        sqlx::query(statement).execute(&house.scratch.pool).await.unwrap();
    }
    // What waits, and what the other account has approved: that stays as it was done.
    for decided in [None, Some(into)] {
        sqlx::query(
            "INSERT INTO registry.proposal (id, register, kind, sealed, seen, agency, agency_name, proposed_by, proposed_name, proposed_at, state,
                                            decided_by, decided_at, written)
             VALUES ($1, 'stall', 'add', '', 0, $2, '', $3, '', now(), CASE WHEN $4::uuid IS NULL THEN 'waiting' ELSE 'approved' END,
                     $4, CASE WHEN $4::uuid IS NOT NULL THEN now() END, CASE WHEN $4::uuid IS NOT NULL THEN 1 END)",
        )
        .bind(Uuid::now_v7())
        .bind(Uuid::now_v7())
        .bind(from)
        .bind(decided)
        .execute(&house.scratch.pool)
        .await
        .unwrap();
    }

    let id = propose(&house, old.account().unwrap()).await;
    let told = "SELECT count(*) FROM notify.message WHERE account = $1 AND kind = 'merge_proposed'";
    for account in [closes, remains] {
        assert_eq!(
            count(&house, told, account).await,
            1,
            "whoever has not asked for it can object"
        );
    }
    let messages = "SELECT count(*) FROM notify.message WHERE account = $1";
    let both = count(&house, messages, closes).await + count(&house, messages, remains).await;
    confirm(&house, id).await;

    assert_eq!(count(&house, cases, from).await, 0);
    assert_eq!(count(&house, cases, into).await, had);
    let proposed = "SELECT count(*) FROM registry.proposal WHERE proposed_by = $1";
    assert_eq!(
        count(&house, proposed, into).await,
        1,
        "own, so that nobody approves it"
    );
    assert_eq!(count(&house, proposed, from).await, 1);
    assert!(count(&house, trail, from).await >= entries, "nothing of the trail goes");
    let holder = "SELECT count(*) FROM forms.draft WHERE id = $1 AND holder LIKE 'citizen:%'";
    assert_eq!(count(&house, holder, draft).await, 1);
    let mut own = op(&house, &new).await;
    engines.forms.draft(&mut own, draft.into()).await.unwrap();
    let mine = engines.dossiers.mine(&mut own, &PageRequest::first()).await.unwrap();
    assert_eq!(
        i64::try_from(mine.items.len()).unwrap(),
        had,
        "and behind the second wall too"
    );
    drop(own);
    let (after, left) = (
        count(&house, messages, remains).await,
        count(&house, messages, closes).await,
    );
    assert_eq!(
        (after + left, left),
        (both + 2, 1),
        "the last word to the closed one is sent out to its owner"
    );
    let living = "SELECT count(*) FROM federation.link WHERE account = $1 AND ended_at IS NULL";
    assert_eq!(
        count(&house, living, remains).await,
        1,
        "the one that remains keeps its own link"
    );
    let links = "SELECT count(*) FROM federation.link WHERE account = $1";
    assert_eq!(count(&house, links, remains).await, 2);
    let consents = "SELECT count(*) FROM openid.consent WHERE account = $1 AND ended_at IS NULL";
    assert_eq!(
        count(&house, consents, remains).await,
        1,
        "what the old account allowed is over"
    );
    let living = "SELECT count(*) FROM openid.authorisation WHERE person = $1 AND ended_at IS NULL";
    assert_eq!(count(&house, living, into).await, 1);
    let ended = "SELECT count(*) FROM openid.authorisation WHERE person = $1";
    assert_eq!(count(&house, ended, into).await, 2);
    let open = "SELECT count(*) FROM privacy.request WHERE person = $1 AND state = 'received'";
    assert_eq!(
        count(&house, open, into).await,
        2,
        "both keep their number and their days"
    );
    let allowed: Vec<String> =
        sqlx::query_scalar("SELECT purpose FROM privacy.consent WHERE person = $1 AND ended_at IS NULL")
            .bind(into)
            .fetch_all(&house.scratch.pool)
            .await
            .unwrap();
    assert_eq!(allowed, ["reminders"], "the stricter wins");
    let mut reader = op(&house, &official(&house, "dulieu.tinh").await).await;
    let (row, _) = engines.identity.merge(&mut reader, id).await.unwrap();
    let counted = |what: &str| {
        row.counts
            .iter()
            .find(|one| one.what == what)
            .map_or(0, |one| one.count)
    };
    assert_eq!(counted("cases"), u64::try_from(had).unwrap());
    assert_eq!((counted("drafts"), counted("links"), counted("requests")), (1, 1, 1));
}

// shows: R032
#[tokio::test]
async fn a_link_that_its_owner_has_undone_does_not_come_back_by_joining() {
    let house = house().await;
    let old = official(&house, "congdan").await;
    let new = other(&house, old.name(), NEW).await;
    for actor in [&old, &new] {
        link(&house, actor, &format!("vneid-{}", actor.account().unwrap())).await;
    }
    let remains = new.account().unwrap().uuid();
    sqlx::query("UPDATE federation.link SET ended_at = now(), end_reason = 'unlinked' WHERE account = $1")
        .bind(remains)
        .execute(&house.scratch.pool)
        .await
        .unwrap();
    let id = propose(&house, old.account().unwrap()).await;
    confirm(&house, id).await;
    let links = "SELECT count(*) FROM federation.link WHERE account = $1 AND end_reason = 'unlinked'";
    assert_eq!(
        count(&house, links, remains).await,
        2,
        "nor does the next sign-in link it again"
    );
}

// shows: R030
#[tokio::test]
async fn an_old_number_in_an_application_is_still_the_applicants_and_what_comes_late_is_brought_along() {
    let house = house().await;
    let app = house.apps.iter().find(|app| app.key == "civil-extract").unwrap();
    let old = official(&house, "congdan").await;
    let new = other(&house, old.name(), NEW).await;
    let from = old.person().unwrap().uuid();
    let id = propose(&house, old.account().unwrap()).await;
    confirm(&house, id).await;

    let What::Submit(submit) = &app.scenarios[0].steps[0].what else {
        panic!("the scenario begins with an application");
    };
    let now = house.player.ops.now().max(kernel::from_local(app.scenarios[0].begins));
    house.scratch.clock.set(now);
    let dossier = house
        .player
        .hand_in(
            &new,
            Case {
                app,
                answers: &submit.answers,
                papers: &submit.papers,
            },
        )
        .await
        .unwrap();
    let owner: Option<Uuid> = sqlx::query_scalar("SELECT owner_person FROM dossiers.dossier WHERE id = $1")
        .bind(dossier.uuid())
        .fetch_one(&house.scratch.pool)
        .await
        .unwrap();
    assert_eq!(
        owner,
        new.person().map(PersonId::uuid),
        "by the old number that the application names"
    );

    // A browser that was let in a moment before: it hands nothing in any more, and what it begins all the same is brought along.
    let late = house
        .player
        .hand_in(
            &old,
            Case {
                app,
                answers: &submit.answers,
                papers: &submit.papers,
            },
        )
        .await;
    assert_eq!(late.unwrap_err().code, "identity.sign_in_again");
    let draft = begin(&house, &old).await;
    let holder = "SELECT count(*) FROM forms.draft WHERE id = $1 AND account = (SELECT id FROM identity.account WHERE state = 'closed')";
    assert_eq!(count(&house, holder, draft).await, 1);
    house.scratch.clock.advance(chrono::Duration::minutes(16));
    let report = op::drain(&house.player.ops, &house.jobs).await;
    report.unwrap();
    assert_eq!(count(&house, holder, draft).await, 0);
    let boxes =
        "SELECT count(*) FROM notify.message WHERE account = (SELECT id FROM identity.account WHERE person = $1)";
    assert_eq!(count(&house, boxes, from).await, 0, "the last word follows too");
}

// shows: R030
#[tokio::test]
async fn what_a_clerk_began_before_for_the_one_who_goes_becomes_a_case_of_the_one_who_remains() {
    let house = house().await;
    let app = house.apps.iter().find(|app| app.key == "civil-extract").unwrap();
    let What::Submit(submit) = &app.scenarios[0].steps[0].what else {
        panic!("the scenario begins with an application");
    };
    let old = official(&house, "congdan").await;
    let new = other(&house, old.name(), NEW).await;
    let clerk = official(&house, "motcua.ngabay").await;
    let case = || Case {
        app,
        answers: &submit.answers,
        papers: &submit.papers,
    };
    let id = propose(&house, old.account().unwrap()).await;
    // One names the person whom the clerk had found, the other the number that is still in the answers.
    let mut drafts = Vec::new();
    for context in [serde_json::json!({ "person": old.person() }), Value::Null] {
        drafts.push(house.player.begin(&clerk, case(), context).await.unwrap());
    }
    confirm(&house, id).await;
    let now = house.player.ops.now().max(kernel::from_local(app.scenarios[0].begins));
    house.scratch.clock.set(now);
    for draft in drafts {
        let mut op = op(&house, &clerk).await;
        let taken = house
            .player
            .engines
            .dossiers
            .take_in(&mut op, draft, true)
            .await
            .unwrap();
        op.commit().await.unwrap();
        let parties: (Option<Uuid>, Option<Uuid>, Option<Uuid>) = sqlx::query_as(
            "SELECT owner_person, submitter_person, submitter_account FROM dossiers.dossier WHERE id = $1",
        )
        .bind(taken.id.uuid())
        .fetch_one(&house.scratch.pool)
        .await
        .unwrap();
        let person = new.person().map(PersonId::uuid);
        assert_eq!(parties, (person, person, new.account().map(AccountId::uuid)));
        let mut own = self::op(&house, &new).await;
        house.player.engines.dossiers.view(&mut own, taken.id).await.unwrap();
    }
    let told = "SELECT count(*) FROM notify.message WHERE account = $1 AND kind = 'dossier_submitted'";
    assert_eq!(count(&house, told, new.account().unwrap().uuid()).await, 2);
}

// shows: R032
#[tokio::test]
async fn whom_an_application_looks_after_is_not_joined_behind_its_back() {
    let house = house().await;
    let old = official(&house, "congdan").await;
    other(&house, old.name(), NEW).await;
    let (person, account) = (old.person().unwrap().uuid(), old.account().unwrap());
    sqlx::query(
        "INSERT INTO scim.\"user\" (id, client, person, doc, created_at, changed_at) VALUES ($1, 'ung-dung-1', $2, '{}', now(), now())",
    )
    .bind(account.uuid())
    .bind(person)
    .execute(&house.scratch.pool)
    .await
    .unwrap();
    let admin = official(&house, "quantri.tinh").await;
    let op = op(&house, &admin).await;
    let refused = house.player.engines.identity.merge_preview(op, account, NEW).await;
    assert_eq!(refused.unwrap_err().code, "scim.looked_after");
}
