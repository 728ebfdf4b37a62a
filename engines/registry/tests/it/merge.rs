use chrono::TimeDelta;
use db::PageRequest;
use kernel::{Actor, Result};
use registry::{AsOf, Command, Merge, TwinState, Written};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::goods::{firm, with};
use crate::town::{Town, given};

fn merge_of(keep: Written, lose: Written, take: &[&str]) -> Merge {
    Merge {
        keep: (keep.id, keep.version),
        lose: (lose.id, lose.version),
        take: take.iter().map(|field| (*field).to_owned()).collect(),
        given: serde_json::Map::new(),
        reason: "Nhập hai lần".into(),
    }
}

impl Town {
    async fn merge(&self, actor: &Actor, merge: &Merge) -> Result<Written> {
        let mut op = self.op(actor).await;
        let written = self.registry.merge(&mut op, "firm", merge).await?;
        op.commit().await?;
        Ok(written)
    }

    async fn undo(&self, actor: &Actor, lost: Uuid, reason: &str) -> Result<()> {
        let mut op = self.op(actor).await;
        self.registry.undo_merge(&mut op, "firm", lost, reason).await?;
        op.commit().await
    }

    /// Everything that is known of a record now, opened.
    async fn values(&self, register: &str, id: Uuid) -> Value {
        let mut op = self.op(&Actor::System("test")).await;
        let record = self
            .registry
            .record(
                &mut op,
                register,
                id,
                AsOf::default(),
                (register == "firm").then_some("Kiểm thử"),
            )
            .await
            .unwrap();
        Value::Object(record.values)
    }

    async fn licence(&self, number: &str, firm: Uuid) -> Written {
        let builder = self.official("SXD", "specialist");
        let values = json!({ "number": number, "firm": firm.to_string() });
        self.add(&builder, "licence", values).await.unwrap()
    }
}

/// What was chosen holds, what was known of the other goes into the past with the reason, and every reference finds the one that remains: in
/// registers of others too.
///
/// shows: R264
#[tokio::test]
async fn two_records_become_one_and_every_reference_follows() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let keep = town
        .firm(
            "F1",
            "Cơ khí Lân",
            json!({ "keeper": "093090000001", "capital": 5_000_000 }),
        )
        .await;
    let lose = town
        .firm(
            "F2",
            "Cơ khí Lân",
            json!({ "keeper": "093090000001", "capital": 7_000_000, "phone": "0912345678" }),
        )
        .await;
    let branch = town
        .firm("F3", "Tiệm hàn", json!({ "parent": lose.id.to_string() }))
        .await;
    let licence = town.licence("GP1", lose.id).await;
    let other = town.licence("GP2", keep.id).await;
    town.measure(&owner, "firm").await;
    town.scratch.clock.advance(TimeDelta::hours(1));
    let before = town.scratch.ops.now();
    town.scratch.clock.advance(TimeDelta::hours(1));
    let written = town
        .merge(&owner, &merge_of(keep, lose, &["capital", "phone"]))
        .await
        .unwrap();
    assert_eq!((written.id, written.version), (keep.id, 2));
    let values = town.values("firm", keep.id).await;
    assert_eq!(values["capital"], 7_000_000);
    assert_eq!(
        values["phone"], "0912345678",
        "sealed, and unique: the other has given it up"
    );
    assert_eq!(values["code"], "F1");
    assert_eq!(town.codes(&owner, "firm", &[("sort", "code")]).await, ["F1", "F3"]);
    // References: of another agency's register, of its own.
    assert_eq!(town.values("licence", licence.id).await["firm"], json!(keep.id));
    assert_eq!(town.values("licence", other.id).await["firm"], json!(keep.id));
    assert_eq!(town.values("firm", branch.id).await["parent"], json!(keep.id));
    let builder = town.official("SXD", "specialist");
    let mut op = town.op(&builder).await;
    let (periods, past) = town
        .registry
        .history(&mut op, "licence", licence.id, None)
        .await
        .unwrap();
    assert_eq!((periods[0].version, past.len()), (2, 1));
    assert_eq!(
        (past[0].reason.as_str(), past[0].replaced_by),
        ("Nhập hai lần", owner.person())
    );
    drop(op);
    // The old identifier finds whoever remains; what was known stays known.
    let mut op = town.op(&owner).await;
    let by_old = town
        .registry
        .record(&mut op, "firm", lose.id, AsOf::default(), None)
        .await
        .unwrap();
    assert_eq!(by_old.id, keep.id);
    let (merged, past) = town.registry.merged_past(&mut op, "firm", lose.id, None).await.unwrap();
    assert_eq!(
        (merged.into, merged.title.as_str(), merged.by_name.as_str()),
        (keep.id, "Cơ khí Lân", "Trần Văn Mẫu")
    );
    assert_eq!(past.len(), 1);
    assert_eq!(past[0].record.values["code"], "F2");
    assert!(!past[0].record.values.contains_key("phone"), "sealed without a purpose");
    let (_, opened) = town
        .registry
        .merged_past(&mut op, "firm", lose.id, Some("Đối chiếu"))
        .await
        .unwrap();
    assert_eq!(opened[0].record.values["phone"], "0912345678");
    let as_known = AsOf {
        day: None,
        known: Some(before),
    };
    let then = town
        .registry
        .record(&mut op, "firm", keep.id, as_known, None)
        .await
        .unwrap();
    assert_eq!(then.values["capital"], 5_000_000);
    let pairs = town
        .registry
        .twins(&mut op, "firm", TwinState::Open, &PageRequest::first())
        .await
        .unwrap();
    assert_eq!(pairs.items, []);
    let merges = town
        .registry
        .merges(&mut op, "firm", &PageRequest::first())
        .await
        .unwrap();
    assert_eq!(merges.items.len(), 1);
    assert_eq!(
        (merges.items[0].record, merges.items[0].title.as_str()),
        (lose.id, "Cơ khí Lân")
    );
    drop(op);
    let kinds: Vec<(String, Uuid, String)> =
        sqlx::query_as("SELECT register, record, kind FROM registry.change WHERE kind <> 'created' ORDER BY seq")
            .fetch_all(&town.scratch.pool)
            .await
            .unwrap();
    let line = |register: &str, record, kind: &str| (register.to_owned(), record, kind.to_owned());
    assert_eq!(
        kinds,
        [
            line("firm", keep.id, "corrected"),
            line("firm", lose.id, "merged"),
            line("firm", branch.id, "corrected"),
            line("licence", licence.id, "corrected"),
        ]
    );
    // The key of the one that is no more is free.
    town.firm("F2", "Quán nước", json!({})).await;
}

#[tokio::test]
async fn nobody_merges_what_is_not_theirs_or_what_they_have_not_seen() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let keep = town.firm("F1", "Cơ khí Lân", json!({})).await;
    let lose = town.firm("F2", "Cơ khí Lân", json!({})).await;
    let merge = merge_of(keep, lose, &[]);
    for actor in [
        &town.official("SXD", "specialist"),
        &town.official("SCT", "clerk"),
        &town.citizen(),
        &Actor::Anonymous,
    ] {
        let fault = town.merge(actor, &merge).await.unwrap_err();
        assert!(
            ["registry.not_allowed", "op.no_right"].contains(&fault.code),
            "{}",
            fault.code
        );
    }
    let code = async |change: &dyn Fn(&mut Merge)| {
        let mut merge = merge.clone();
        change(&mut merge);
        town.merge(&owner, &merge).await.unwrap_err().code
    };
    assert_eq!(
        code(&|merge| merge.reason = "  ".into()).await,
        "registry.reason_needed"
    );
    assert_eq!(code(&|merge| merge.lose = merge.keep).await, "registry.merge_itself");
    assert_eq!(code(&|merge| merge.keep.1 = 2).await, "registry.changed_meanwhile");
    assert_eq!(code(&|merge| merge.lose.1 = 7).await, "registry.changed_meanwhile");
    assert_eq!(
        code(&|merge| merge.lose.0 = Uuid::now_v7()).await,
        "registry.record_not_found"
    );
    assert_eq!(
        code(&|merge| merge.take = vec!["nothing".into()]).await,
        "registry.merge_unknown_field"
    );
    let invalid = |merge: &mut Merge| {
        merge.given = given(json!({ "ward": "99999", "capital": "nhiều" }));
    };
    assert_eq!(code(&invalid).await, "registry.invalid");
    assert_eq!(
        town.codes(&owner, "firm", &[("sort", "code")]).await,
        ["F1", "F2"],
        "nothing was done"
    );
    // Two at once, the other way round: one is done, the other is told.
    let backwards = merge_of(lose, keep, &[]);
    let (one, other) = tokio::join!(town.merge(&owner, &merge), town.merge(&owner, &backwards));
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|ok| **ok).count(), 1);
    let again = town.merge(&owner, &merge).await.unwrap_err();
    assert!(["registry.record_not_found", "registry.changed_meanwhile"].contains(&again.code));
}

#[tokio::test]
async fn values_that_neither_has_right_are_typed_and_the_key_may_be_the_others() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let keep = town.firm("F1", "Cơ khi Lan", json!({})).await;
    let lose = town
        .firm("F2", "Cơ khí Lâm", json!({ "parent": keep.id.to_string() }))
        .await;
    let mut merge = merge_of(keep, lose, &["code", "parent"]);
    merge.given = given(json!({ "name": " Cơ khí  Lân ", "started_on": "01/05/2019" }));
    town.merge(&owner, &merge).await.unwrap();
    let values = town.values("firm", keep.id).await;
    assert_eq!((&values["code"], &values["name"]), (&json!("F2"), &json!("Cơ khí Lân")));
    assert_eq!(values["started_on"], "2019-05-01");
    assert!(values.get("parent").is_none(), "nothing is its own parent");
    assert_eq!(town.codes(&owner, "firm", &[]).await, ["F2"]);
}

/// Where nothing is taken over, the one that remains stays as it is.
#[tokio::test]
async fn whoever_remains_unchanged_has_no_new_version() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let keep = town.firm("F1", "Cơ khí Lân", json!({})).await;
    let lose = town.firm("F2", "Cơ khí Lân", json!({})).await;
    let written = town.merge(&owner, &merge_of(keep, lose, &[])).await.unwrap();
    assert_eq!(written, keep);
    town.undo(&owner, lose.id, "Nhầm").await.unwrap();
    assert_eq!(town.codes(&owner, "firm", &[("sort", "code")]).await, ["F1", "F2"]);
}

/// More references than one operation leads on follow by a job; until then reading finds the way.
#[tokio::test]
async fn many_references_follow_by_a_job() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let keep = town.firm("F1", "Cơ khí Lân", json!({})).await;
    let lose = town.firm("F2", "Cơ khí Lân", json!({})).await;
    town.licence("GP0", lose.id).await;
    sqlx::query(
        "INSERT INTO records.licence (id, valid_from, version, recorded_at, words, number, number__sort, firm)
         SELECT gen_random_uuid(), '2026-01-01', 1, '2026-01-01', '', 'GP' || one, 'gp' || one, $1 FROM generate_series(1, 450) AS one",
    )
    .bind(lose.id)
    .execute(&town.scratch.pool)
    .await
    .unwrap();
    let referring = async |id: Uuid| {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM records.licence WHERE firm = $1")
            .bind(id)
            .fetch_one(&town.scratch.pool)
            .await
            .unwrap();
        count
    };
    town.merge(&owner, &merge_of(keep, lose, &[])).await.unwrap();
    assert_eq!((referring(lose.id).await, referring(keep.id).await), (251, 200));
    town.work().await;
    assert_eq!((referring(lose.id).await, referring(keep.id).await), (0, 451));
    town.undo(&owner, lose.id, "Nhầm").await.unwrap();
    assert_eq!((referring(lose.id).await, referring(keep.id).await), (451, 0));
}

/// Both are what they were, references lead where they led, and the pair does not come again.
#[tokio::test]
async fn a_merge_is_taken_back_while_nothing_has_come_after_it() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let keep = town.firm("F1", "Cơ khí Lân", json!({ "capital": 5_000_000 })).await;
    let lose = town
        .firm(
            "F2",
            "Cơ khí Lân",
            json!({ "phone": "0912345678", "keeper": "093090000001" }),
        )
        .await;
    let licence = town.licence("GP1", lose.id).await;
    let stays = town.licence("GP2", keep.id).await;
    let (was_kept, was_lost) = (town.values("firm", keep.id).await, town.values("firm", lose.id).await);
    town.scratch.clock.advance(TimeDelta::hours(1));
    town.merge(&owner, &merge_of(keep, lose, &["code", "capital", "phone", "keeper"]))
        .await
        .unwrap();
    assert_ne!(town.values("firm", keep.id).await, was_kept);
    town.scratch.clock.advance(TimeDelta::days(29));
    let stranger = town.official("SXD", "specialist");
    assert_eq!(
        town.undo(&stranger, lose.id, "x").await.unwrap_err().code,
        "registry.not_allowed"
    );
    assert_eq!(
        town.undo(&owner, lose.id, "").await.unwrap_err().code,
        "registry.reason_needed"
    );
    assert_eq!(
        town.undo(&owner, keep.id, "Nhầm").await.unwrap_err().code,
        "registry.merge_not_found"
    );
    town.undo(&owner, lose.id, "Hai cơ sở khác nhau").await.unwrap();
    assert_eq!(town.values("firm", keep.id).await, was_kept);
    assert_eq!(town.values("firm", lose.id).await, was_lost);
    assert_eq!(town.values("licence", licence.id).await["firm"], json!(lose.id));
    assert_eq!(town.values("licence", stays.id).await["firm"], json!(keep.id));
    town.measure(&owner, "firm").await;
    let mut op = town.op(&owner).await;
    let page = PageRequest::first();
    assert_eq!(
        town.registry
            .twins(&mut op, "firm", TwinState::Open, &page)
            .await
            .unwrap()
            .items,
        []
    );
    let told = town
        .registry
        .twins(&mut op, "firm", TwinState::Different, &page)
        .await
        .unwrap();
    assert_eq!(told.items[0].note, "Hai cơ sở khác nhau");
    assert_eq!(town.registry.merges(&mut op, "firm", &page).await.unwrap().items, []);
}

#[tokio::test]
async fn what_has_changed_since_or_is_too_old_is_not_taken_back() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let keep = town.firm("F1", "Cơ khí Lân", json!({})).await;
    let lose = town.firm("F2", "Cơ khí Lân", json!({ "capital": 1 })).await;
    let written = town.merge(&owner, &merge_of(keep, lose, &["capital"])).await.unwrap();
    town.scratch.clock.advance(TimeDelta::days(1));
    let command = Command::Change {
        from: None,
        given: given(with(firm("F1", "Cơ khí Lân"), json!({ "capital": 2 }))),
    };
    town.change(&owner, "firm", written, command, "").await.unwrap();
    assert_eq!(
        town.undo(&owner, lose.id, "Nhầm").await.unwrap_err().code,
        "registry.merge_settled"
    );
    let third = town.firm("F3", "Cơ khí Lân", json!({})).await;
    let fourth = town.firm("F4", "Cơ khí Lân", json!({})).await;
    town.merge(&owner, &merge_of(third, fourth, &[])).await.unwrap();
    town.scratch.clock.advance(TimeDelta::days(31));
    assert_eq!(
        town.undo(&owner, fourth.id, "Nhầm").await.unwrap_err().code,
        "registry.merge_too_old"
    );
}

/// Merged into one that was merged in turn: the way leads on to the last.
#[tokio::test]
async fn a_chain_of_merges_leads_to_the_last() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let first = town.firm("F1", "Cơ khí Lân", json!({})).await;
    let second = town.firm("F2", "Cơ khí Lân", json!({})).await;
    let third = town.firm("F3", "Cơ khí Lân", json!({})).await;
    let licence = town.licence("GP1", first.id).await;
    town.merge(&owner, &merge_of(second, first, &[])).await.unwrap();
    town.merge(&owner, &merge_of(third, second, &[])).await.unwrap();
    assert_eq!(town.values("licence", licence.id).await["firm"], json!(third.id));
    let by_first = town.licence("GP2", first.id).await;
    assert_eq!(town.values("licence", by_first.id).await["firm"], json!(third.id));
    let mut op = town.op(&owner).await;
    let record = town
        .registry
        .record(&mut op, "firm", first.id, AsOf::default(), None)
        .await
        .unwrap();
    assert_eq!(record.id, third.id);
    drop(op);
    assert_eq!(
        town.undo(&owner, first.id, "Nhầm").await.unwrap_err().code,
        "registry.merge_settled"
    );
    town.undo(&owner, second.id, "Nhầm").await.unwrap();
    assert_eq!(town.values("licence", licence.id).await["firm"], json!(second.id));
}

/// Two records of another register that would have the same key are merged first: the refusal says which.
#[tokio::test]
async fn what_would_clash_elsewhere_is_refused_with_the_place() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let builder = town.official("SXD", "specialist");
    let keyed = crate::goods::LICENCE
        .replace("record: licence", "record: permit")
        .replace("key: [number]", "key: [firm]");
    town.publish(&keyed).await.unwrap();
    let keep = town.firm("F1", "Cơ khí Lân", json!({})).await;
    let lose = town.firm("F2", "Cơ khí Lân", json!({})).await;
    for (number, firm) in [("1", keep), ("2", lose)] {
        let values = json!({ "number": number, "firm": firm.id.to_string() });
        town.add(&builder, "permit", values).await.unwrap();
    }
    let fault = town.merge(&owner, &merge_of(keep, lose, &[])).await.unwrap_err();
    assert_eq!(
        (fault.code, fault.params["register"].as_str()),
        ("registry.merge_clash", "permit")
    );
    assert_eq!(town.codes(&owner, "firm", &[("sort", "code")]).await, ["F1", "F2"]);
}

/// A record that was merged goes with the one that remains, and not before it.
#[tokio::test]
async fn what_was_merged_expires_with_what_remains() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let mut ids = Vec::new();
    for (code, name) in [("F1", "Một"), ("F2", "Hai"), ("F3", "Ba")] {
        ids.push(town.firm(code, name, json!({})).await);
    }
    town.merge(&owner, &merge_of(ids[1], ids[2], &[])).await.unwrap();
    let keep = town.merge(&owner, &merge_of(ids[0], ids[1], &[])).await.unwrap();
    let expire = async || {
        let mut op = town.op(&Actor::System("retention")).await;
        let gone = town.registry.expire(&mut op).await.unwrap();
        op.commit().await.unwrap();
        gone
    };
    let left = async || -> i64 {
        sqlx::query_scalar("SELECT (SELECT count(*) FROM records.firm__was) + (SELECT count(*) FROM registry.merged)")
            .fetch_one(&town.scratch.pool)
            .await
            .unwrap()
    };
    town.scratch.clock.advance(TimeDelta::days(4_000));
    assert_eq!((expire().await, left().await), (0, 4));
    let end = Command::End {
        last: "2026-03-31".parse().unwrap(),
    };
    town.change(&owner, "firm", keep, end, "Giải thể").await.unwrap();
    assert_eq!((expire().await, left().await), (0, 5));
    town.scratch.clock.advance(TimeDelta::days(4_000));
    assert_eq!((expire().await, left().await), (3, 0));
}

/// As it was known then a record is itself, whatever it was merged into later.
#[tokio::test]
async fn what_was_known_of_a_merged_record_is_its_own() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let keep = town.firm("F1", "Một", json!({})).await;
    let lose = town.firm("F2", "Hai", json!({})).await;
    town.scratch.clock.advance(TimeDelta::hours(1));
    let before = town.scratch.ops.now();
    town.scratch.clock.advance(TimeDelta::hours(1));
    town.merge(&owner, &merge_of(keep, lose, &[])).await.unwrap();
    let mut op = town.op(&owner).await;
    let mut code = async |known| {
        let as_of = AsOf { day: None, known };
        let record = town
            .registry
            .record(&mut op, "firm", lose.id, as_of, None)
            .await
            .unwrap();
        record.values["code"].clone()
    };
    assert_eq!(code(Some(before)).await, "F2");
    let now = town.scratch.ops.now();
    assert_eq!(code(Some(now)).await, "F1");
    assert_eq!(code(None).await, "F1");
}
