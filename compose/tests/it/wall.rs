//! The second wall: what the database shows to whom, whatever the code asks for.

use std::collections::BTreeSet;

use compose::scenarios;
use kernel::Actor;
use testkit::Scratch;
use uuid::Uuid;

use crate::house::{House, house};

/// Tables behind the wall.
const WALLED: &[&str] = &[
    "dossiers.document",
    "dossiers.dossier",
    "dossiers.fee",
    "dossiers.history",
    "dossiers.paper",
    "dossiers.rating",
    "dossiers.supplement",
    "dossiers.work",
    "forms.attachment",
    "forms.draft",
    "identity.registration",
    "identity.representation",
    "identity.standing_voice",
    "notify.message",
    "oversight.emergency_report",
    "oversight.review_line",
    "registry.bulk",
    "registry.bulk_record",
    "registry.draft_register",
    "registry.failing",
    "registry.profile",
    "registry.proposal",
    "registry.quality_run",
    "registry.twin",
];

/// Tables that everybody's operation reads and none changes: entries are added, the platform does the rest.
const GROWING: &[&str] = &["op.audit_entry", "op.audit_head", "op.audit_seal"];

/// All other tables, and why every operation may see them.
const OPEN: &[(&str, &str)] = &[
    ("db.migration", "nobody's"),
    ("dossiers.definition", "nobody's"),
    (
        "dossiers.holding",
        "words to search by, never read out; what is found is read from the case",
    ),
    ("dossiers.number_series", "nobody's"),
    ("dossiers.procedure", "public"),
    ("dossiers.procedure_paper", "public"),
    ("dossiers.procedure_text", "public"),
    ("files.blob", "digests and sizes"),
    (
        "files.file",
        "names of files; found only by the number that a walled table gives",
    ),
    ("forms.definition", "nobody's"),
    (
        "identity.account",
        "signing in looks for it before it is known who comes",
    ),
    (
        "identity.account_line",
        "what was done to accounts; whoever looks after them has the pages, and is asked there",
    ),
    ("identity.agency", "public"),
    ("identity.agency_code", "public"),
    ("identity.agency_successor", "public"),
    ("identity.area", "public"),
    ("identity.area_catalogue", "public"),
    ("identity.area_catalogue_successor", "public"),
    ("identity.area_successor", "public"),
    ("identity.counter_code", "digests and what is sealed"),
    (
        "identity.device",
        "signing in looks for it before it is known who comes",
    ),
    (
        "identity.emergency",
        "sessions are read by it before it is known who acts; lists ask who may",
    ),
    ("identity.entry_code", "digests only"),
    (
        "identity.half_sign_in",
        "signing in looks for it before it is known who comes",
    ),
    ("identity.holding", "who holds an office is public"),
    ("identity.level_successor", "public"),
    (
        "identity.merge",
        "what is said is sealed; whoever joins accounts has the pages, and is asked there",
    ),
    (
        "identity.passkey",
        "signing in looks for it before it is known who comes",
    ),
    (
        "identity.passkey_challenge",
        "signing in looks for it before it is known who comes",
    ),
    (
        "identity.person",
        "signing in and lists of officials need names; reading a person asks for a purpose",
    ),
    ("identity.position", "public"),
    ("identity.position_successor", "public"),
    ("identity.recovery_code", "tags only"),
    ("identity.reorganisation", "public"),
    (
        "identity.session",
        "digests only; signing in looks for it before it is known who comes",
    ),
    ("identity.sign_in_attempt", "digests only"),
    (
        "identity.substitution",
        "who holds an office and who stands in is no secret",
    ),
    ("identity.totp", "sealed"),
    ("identity.unit", "public"),
    (
        "identity.withheld_role",
        "who acts from an office is asked by everything",
    ),
    ("notify.delivery", "states of messages, nothing of what they say"),
    ("notify.preference", "whoever sends must know what the addressee wants"),
    ("op.event", "read by the platform only"),
    ("op.job", "read by the platform only"),
    ("op.mark", "nobody's"),
    ("op.vault_key", "opens nothing"),
    ("op.outcome", "found only by the key that whoever asks has made"),
    ("federation.farewell", "digests only"),
    (
        "federation.journey",
        "digests only; asked for before it is known who comes",
    ),
    ("federation.link", "asked for before it is known who comes"),
    (
        "openid.authorisation",
        "applications are known before it is known who comes",
    ),
    ("openid.client", "nobody's"),
    ("openid.code", "digests only"),
    ("openid.consent", "applications are known before it is known who comes"),
    ("openid.pushed_request", "digests only"),
    ("openid.refresh_token", "digests only"),
    ("openid.revoked_token", "digests only"),
    ("openid.seen_proof", "digests only"),
    ("openid.signing_key", "sealed"),
    (
        "oversight.campaign",
        "nobody's; who reviews which agency is decided by the engine",
    ),
    (
        "privacy.bound",
        "asked for by every engine before it lists, counts or writes to people",
    ),
    (
        "privacy.consent",
        "read by the person, and by engines above before they act",
    ),
    ("privacy.incident", "nobody's"),
    ("privacy.incident_line", "what officials did"),
    (
        "privacy.incident_person",
        "the officials of data protection alone have the pages",
    ),
    (
        "privacy.request",
        "the person and the officials of data protection; one desk for the whole province",
    ),
    ("privacy.request_line", "as the request"),
    ("registry.bad_row", "sealed"),
    (
        "registry.change",
        "identifiers of records and what happened to them, never values",
    ),
    (
        "registry.import",
        "names of files and numbers of rows; whoever imports has the pages, and is asked there",
    ),
    (
        "registry.led_on",
        "identifiers of records; what they say lies behind the wall of their register",
    ),
    (
        "registry.merged",
        "which record remains, asked for by every reference; reasons are shown to whoever reads the register",
    ),
    ("registry.register", "public"),
    ("registry.version", "public"),
    (
        "registry.quality",
        "counts alone; the overview of all registers is for every official",
    ),
    ("scim.group", "asked for by applications, which act as the platform"),
    ("scim.member", "asked for by applications, which act as the platform"),
    ("scim.user", "asked for by applications, which act as the platform"),
    ("workflow.calendar_year", "public"),
    ("workflow.definition", "nobody's"),
    (
        "workflow.instance",
        "steps and outcomes; whose they are stands in the case",
    ),
    (
        "workflow.task",
        "steps and who does them; whose they are stands in the case",
    ),
    ("workflow.timer", "nobody's"),
    ("workflow.token", "nobody's"),
];

// shows: R028
#[tokio::test]
async fn every_table_stands_behind_the_wall_or_says_why_not() {
    let scratch = Scratch::new(compose::MIGRATIONS).await;
    let tables: Vec<(String, bool)> = sqlx::query_as(
        "SELECT schema.nspname || '.' || class.relname, class.relrowsecurity
         FROM pg_class AS class JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
         WHERE class.relkind IN ('r', 'p') AND schema.nspname !~ '^(pg_|information_schema|public$)'
         ORDER BY 1",
    )
    .fetch_all(&scratch.pool)
    .await
    .unwrap();
    let walled: BTreeSet<&str> = tables
        .iter()
        .filter(|(_, walled)| *walled)
        .map(|(name, _)| name.as_str())
        .collect();
    let open: BTreeSet<&str> = tables
        .iter()
        .filter(|(_, walled)| !walled)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(walled, WALLED.iter().chain(GROWING).copied().collect());
    assert_eq!(
        open,
        OPEN.iter().map(|(name, _)| *name).collect(),
        "a new table stands behind the wall, or says here why not"
    );
}

/// How many rows of a walled table this actor's operation sees, asking for all of them.
async fn sees(house: &House, actor: &Actor, sql: &'static str) -> i64 {
    let ops = &house.player.ops;
    let mut written = ops.open(actor.clone()).await.unwrap();
    let in_transaction: i64 = sqlx::query_scalar(sql).fetch_one(written.conn()).await.unwrap();
    drop(written);
    let mut looked = ops.look_for(actor.clone(), Uuid::now_v7()).await.unwrap();
    let looking: i64 = sqlx::query_scalar(sql).fetch_one(looked.conn()).await.unwrap();
    assert_eq!(in_transaction, looking, "{sql}");
    in_transaction
}

async fn actor_of(house: &House, account: Uuid) -> Actor {
    let mut connection = house.scratch.pool.acquire().await.unwrap();
    let identity = &house.player.engines.identity;
    identity
        .actor_of(&mut connection, account.into(), house.player.ops.now())
        .await
        .unwrap()
}

// shows: R028
#[tokio::test]
async fn whoever_asks_for_everything_sees_what_is_in_reach() {
    let house = house().await;
    let app = house.apps.iter().find(|app| app.key == "civil-extract").unwrap();
    for scenario in &app.scenarios {
        scenarios::run(&house.player, &house.scratch.clock, &house.jobs, app, scenario)
            .await
            .unwrap();
    }
    let pool = &house.scratch.pool;
    let cases: i64 = sqlx::query_scalar("SELECT count(*) FROM dossiers.dossier")
        .fetch_one(pool)
        .await
        .unwrap();
    assert!(cases >= 3);
    let accounts: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM identity.account")
        .fetch_all(pool)
        .await
        .unwrap();
    let (mut by_officials, mut by_citizens) = (0, 0);
    for account in accounts {
        let actor = actor_of(&house, account).await;
        let (own, count) = match actor.agency() {
            Some(agency) => (agency.uuid(), &mut by_officials),
            None => (actor.person().unwrap().uuid(), &mut by_citizens),
        };
        let reached: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM dossiers.dossier WHERE $1 = ANY (agencies) OR $1 IN (owner_person, submitter_person)",
        )
        .bind(own)
        .fetch_one(pool)
        .await
        .unwrap();
        assert_eq!(
            sees(&house, &actor, "SELECT count(*) FROM dossiers.dossier").await,
            reached
        );
        // Of steps those of one's agency and all of a case in reach, and no others.
        let steps: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM dossiers.work AS work WHERE agency_id = $1 OR EXISTS (
                 SELECT FROM dossiers.dossier
                 WHERE id = work.dossier_id AND ($1 = ANY (agencies) OR $1 IN (owner_person, submitter_person)))",
        )
        .bind(own)
        .fetch_one(pool)
        .await
        .unwrap();
        assert_eq!(sees(&house, &actor, "SELECT count(*) FROM dossiers.work").await, steps);
        let strays = "SELECT count(*) FROM dossiers.history WHERE dossier_id NOT IN (SELECT id FROM dossiers.dossier)";
        assert_eq!(sees(&house, &actor, strays).await, 0);
        let boxes = "SELECT count(DISTINCT account) FROM notify.message";
        assert!(sees(&house, &actor, boxes).await <= 1, "one's own box alone");
        *count += reached;
    }
    assert!(by_officials > 0 && by_citizens > 0, "{by_officials} {by_citizens}");
    for table in [
        "dossiers.dossier",
        "dossiers.paper",
        "dossiers.work",
        "forms.draft",
        "notify.message",
    ] {
        let sql: &'static str = match table {
            "dossiers.dossier" => "SELECT count(*) FROM dossiers.dossier",
            "dossiers.paper" => "SELECT count(*) FROM dossiers.paper",
            "dossiers.work" => "SELECT count(*) FROM dossiers.work",
            "forms.draft" => "SELECT count(*) FROM forms.draft",
            _ => "SELECT count(*) FROM notify.message",
        };
        assert_eq!(sees(&house, &Actor::Anonymous, sql).await, 0, "{table}");
        assert!(sees(&house, &Actor::System("test"), sql).await > 0, "{table}");
    }
}

// shows: R028
#[tokio::test]
async fn walled_tables_of_identity_say_for_each_command_who_may() {
    let scratch = Scratch::new(compose::MIGRATIONS).await;
    let for_all: Vec<String> = sqlx::query_scalar(
        "SELECT class.relname || '.' || policy.polname
         FROM pg_policy AS policy JOIN pg_class AS class ON class.oid = policy.polrelid
         JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
         WHERE schema.nspname = 'identity' AND policy.polcmd = '*'",
    )
    .fetch_all(&scratch.pool)
    .await
    .unwrap();
    assert_eq!(for_all, Vec::<String>::new(), "who may see may not therefore write");
}

// shows: R028
#[tokio::test]
async fn nobody_writes_a_representation_by_acting_as_somebody_else() {
    let house = house().await;
    let pool = &house.scratch.pool;
    let citizens: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT account.id, account.person FROM identity.account
         WHERE NOT EXISTS (SELECT FROM identity.holding WHERE holding.person = account.person) ORDER BY account.login, account.id LIMIT 2",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let [(own, person), (_, other)] = citizens.as_slice() else {
        panic!("{citizens:?}")
    };
    // Whoever says to act for somebody writes nothing in that one's name.
    let Actor::Citizen(mut citizen) = actor_of(&house, *own).await else {
        panic!()
    };
    citizen.acts_for = Some(Box::new(kernel::ActsFor {
        representation: Uuid::now_v7(),
        person: (*other).into(),
        name: "Người khác".to_owned(),
        whole: true,
        legal: true,
        procedures: Vec::new(),
    }));
    for actor in [Actor::Citizen(citizen), actor_of(&house, *own).await, Actor::Anonymous] {
        for kind in ["attorney", "legal"] {
            let mut op = house.player.ops.open(actor.clone()).await.unwrap();
            let written = sqlx::query(
                "INSERT INTO identity.representation (id, kind, represented, representative, valid_from, valid_to, given_by, given_at)
                 VALUES (gen_random_uuid(), $1, $2, $3, current_date, current_date, $4, now())",
            )
            .bind(kind)
            .bind(other)
            .bind(person)
            .bind(own)
            .execute(op.conn())
            .await;
            let refused = written.unwrap_err().to_string();
            assert!(
                refused.contains("row-level security"),
                "{kind} {}: {refused}",
                actor.key()
            );
        }
    }
}
