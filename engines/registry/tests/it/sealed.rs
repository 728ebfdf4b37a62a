use kernel::{Actor, PersonalNumber};
use registry::AsOf;
use serde_json::json;

use crate::town::{Town, shop};

const NUMBER: &str = "093090000001";

async fn with_secret(town: &Town) -> registry::Written {
    let mut one = shop("CH-0001");
    one["owner_number"] = NUMBER.into();
    one["owner_name"] = "Nguyễn Thị Đào".into();
    one["phone"] = "0912345678".into();
    town.add(&town.official("SCT", "specialist"), "shop", one)
        .await
        .unwrap()
}

/// shows: R028
#[tokio::test]
async fn what_is_personal_lies_sealed_and_is_opened_for_a_purpose() {
    let town = Town::new().await;
    let made = with_secret(&town).await;
    let owner = town.official("SCT", "specialist");
    for query in [
        "SELECT to_jsonb(shop)::text FROM records.shop",
        "SELECT to_jsonb(change)::text FROM registry.change",
        "SELECT to_jsonb(entry)::text FROM op.audit_entry AS entry",
        "SELECT to_jsonb(event)::text FROM op.event",
    ] {
        let rows: Vec<String> = sqlx::query_scalar(query).fetch_all(&town.scratch.pool).await.unwrap();
        assert!(!rows.is_empty(), "{query}");
        for row in rows {
            assert!(!row.contains("0912345678") && !row.contains(NUMBER), "{row}");
        }
    }
    // Lists and records show no sealed field by themselves.
    let listed = town.list(&owner, "shop", &[]).await.unwrap();
    assert!(!listed[0].values.contains_key("phone"));
    let mut op = town.op(&owner).await;
    let closed = town
        .registry
        .record(&mut op, "shop", made.id, AsOf::default(), None)
        .await
        .unwrap();
    assert!(!closed.values.contains_key("phone") && closed.values.contains_key("owner_name"));
    let no_purpose = town
        .registry
        .record(&mut op, "shop", made.id, AsOf::default(), Some("  "))
        .await
        .unwrap_err();
    assert_eq!(no_purpose.code, "registry.purpose_needed");
    let purpose = Some("Kiểm tra theo hồ sơ H30.03-260302-0001");
    let open = town
        .registry
        .record(&mut op, "shop", made.id, AsOf::default(), purpose)
        .await
        .unwrap();
    assert_eq!(open.values["phone"], "0912345678");
    assert_eq!(open.values["owner_number"], NUMBER);
    op.commit().await.unwrap();
    let looked: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM op.audit_entry WHERE action = 'registry.opened' AND purpose LIKE 'Kiểm tra%'",
    )
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    assert_eq!(looked, 1);
}

/// Whoever is known to the platform is told that their data was looked at, from which position.
///
/// shows: R028
#[tokio::test]
async fn the_person_sees_who_has_looked() {
    let town = Town::new().await;
    let made = with_secret(&town).await;
    let mut op = town.op(&Actor::System("province")).await;
    let mut person = identity::NewPerson::named("Nguyễn Thị Đào");
    person.personal_number = Some(PersonalNumber::parse(NUMBER).unwrap());
    let person = town.identity.register_person(&mut op, &person).await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&town.official("SCT", "leader")).await;
    town.registry
        .record(&mut op, "shop", made.id, AsOf::default(), Some("Đối chiếu hồ sơ"))
        .await
        .unwrap();
    op.commit().await.unwrap();
    let about: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT person FROM op.audit_entry WHERE action = 'registry.opened'")
            .fetch_all(&town.scratch.pool)
            .await
            .unwrap();
    assert_eq!(about, [person.uuid()]);
}

/// shows: R247
#[tokio::test]
async fn everybody_sees_what_is_theirs_to_see() {
    let town = Town::new().await;
    let made = with_secret(&town).await;
    let builder = town.official("SXD", "specialist");
    town.add(
        &builder,
        "street",
        json!({ "code": "D1", "name": "Hùng Vương", "note": "đang sửa" }),
    )
    .await
    .unwrap();
    // What is open is open, but for what is internal.
    for actor in [Actor::Anonymous, town.citizen()] {
        let streets = town.list(&actor, "street", &[]).await.unwrap();
        assert_eq!(streets[0].values["name"], "Hùng Vương");
        assert!(!streets[0].values.contains_key("note"));
        assert_eq!(
            town.list(&actor, "shop", &[]).await.unwrap_err().code,
            "registry.not_found"
        );
        let hidden = town.list(&actor, "street", &[("q", "hung")]).await.unwrap_err();
        assert_eq!(
            hidden.code, "registry.bad_filter",
            "words are found in what is internal too"
        );
    }
    // Officials of others see what is plain; what is sealed only where it is shared with them, and of that only what is shared.
    let purpose = Some("Quản lý thuế quý I");
    let mut op = town.op(&builder).await;
    let fault = town
        .registry
        .record(&mut op, "shop", made.id, AsOf::default(), purpose)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "registry.not_allowed");
    drop(op);
    let mut op = town.op(&town.official("CT", "specialist")).await;
    let shared = town
        .registry
        .record(&mut op, "shop", made.id, AsOf::default(), purpose)
        .await
        .unwrap();
    assert_eq!(shared.values["phone"], "0912345678");
    assert!(!shared.values.contains_key("owner_number"));
    drop(op);
    // Whole numbers are found by whoever may open them, and by nobody else.
    let owner = town.official("SCT", "specialist");
    assert_eq!(
        town.codes(&owner, "shop", &[("owner_number", NUMBER)]).await,
        ["CH-0001"]
    );
    assert_eq!(
        town.codes(&owner, "shop", &[("owner_number", "093090000002")]).await,
        Vec::<String>::new()
    );
    let guess = town
        .list(&builder, "shop", &[("owner_number", NUMBER)])
        .await
        .unwrap_err();
    assert_eq!(guess.code, "registry.bad_filter");
    let part = town.list(&owner, "shop", &[("owner_number", "~")]).await.unwrap_err();
    assert_eq!(part.code, "registry.field_sealed");
}

/// The second wall: whatever a verb forgets, the database shows a stranger nothing, and takes nothing from them.
#[tokio::test]
async fn the_database_has_a_wall_too() {
    let town = Town::new().await;
    with_secret(&town).await;
    let count = async |actor: &Actor| {
        let mut op = town.op(actor).await;
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM records.shop")
            .fetch_one(op.conn())
            .await
            .unwrap();
        count
    };
    assert_eq!(count(&town.official("SXD", "specialist")).await, 1, "officials read it");
    assert_eq!(count(&town.citizen()).await, 0);
    assert_eq!(count(&Actor::Anonymous).await, 0);
    let mut op = town.op(&town.citizen()).await;
    let done = sqlx::query("DELETE FROM records.shop")
        .execute(op.conn())
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 0);
    drop(op);
    // Streets have no agency that enters them: of others, nobody writes.
    let builder = town.official("SXD", "specialist");
    town.add(&builder, "street", json!({ "code": "D1", "name": "Hùng Vương" }))
        .await
        .unwrap();
    let mut op = town.op(&town.official("SCT", "specialist")).await;
    let done = sqlx::query("UPDATE records.street SET name = 'x'")
        .execute(op.conn())
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 0);
}

/// What is sealed belongs to its row: copied into another one it does not open.
#[tokio::test]
async fn a_copied_secret_does_not_open() {
    let town = Town::new().await;
    with_secret(&town).await;
    let owner = town.official("SCT", "specialist");
    let other = town.add(&owner, "shop", shop("CH-0002")).await.unwrap();
    sqlx::query("UPDATE records.shop SET sealed = (SELECT sealed FROM records.shop WHERE code = 'CH-0001') WHERE code = 'CH-0002'")
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let mut op = town.op(&owner).await;
    let fault = town
        .registry
        .record(&mut op, "shop", other.id, AsOf::default(), Some("Kiểm tra"))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "vault.sealed_broken");
}

/// shows: R028
#[tokio::test]
async fn a_change_of_keys_reaches_what_is_and_what_was_known() {
    let town = Town::new().await;
    let made = with_secret(&town).await;
    let owner = town.official("SCT", "specialist");
    let mut other = shop("CH-0001");
    other["owner_number"] = NUMBER.into();
    other["phone"] = "0987654321".into();
    let correct = registry::Command::Correct {
        period: "2026-03-02".parse().unwrap(),
        from: None,
        to: None,
        given: crate::town::given(other),
    };
    town.change(&owner, "shop", made, correct, "Ghi nhầm số").await.unwrap();
    let vault = town.identity.vault();
    let first = vault.numbers().unwrap()[0];
    vault
        .add_key(town.scratch.ops.now() + chrono::TimeDelta::hours(1))
        .unwrap();
    let done = town.registry.reseal_by(&town.scratch.ops, 1).await.unwrap();
    assert_eq!((done.done, done.unreadable, done.left), (2, 0, false));
    let mut op = town.op(&Actor::System("keys")).await;
    let uses = town.registry.keys_in_use(&mut op).await.unwrap();
    assert!(uses.iter().all(|used| used.key != first), "{uses:?}");
    assert_eq!(uses.iter().map(|used| used.count).sum::<i64>(), 2);
    op.commit().await.unwrap();
    // Found and opened as before, then and now.
    assert_eq!(
        town.codes(&owner, "shop", &[("owner_number", NUMBER)]).await,
        ["CH-0001"]
    );
    let mut op = town.op(&owner).await;
    let (now, past) = town
        .registry
        .history(&mut op, "shop", made.id, Some("Kiểm tra khóa"))
        .await
        .unwrap();
    assert_eq!(now[0].values["phone"], "0987654321");
    assert_eq!(past[0].record.values["phone"], "0912345678");
}

/// shows: R263
#[tokio::test]
async fn a_person_is_told_which_records_name_them() {
    use op::Keeper as _;
    let town = Town::new().await;
    with_secret(&town).await;
    let mut op = town.op(&Actor::System("province")).await;
    let mut person = identity::NewPerson::named("Nguyễn Thị Đào");
    person.personal_number = Some(PersonalNumber::parse(NUMBER).unwrap());
    let person = town.identity.register_person(&mut op, &person).await.unwrap();
    let stranger = town
        .identity
        .register_person(&mut op, &identity::NewPerson::named("Lê Văn Ba"))
        .await
        .unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&Actor::System("privacy")).await;
    let permit = op
        .allow("registry.reseal", "test", op::Decision::Follows)
        .await
        .unwrap();
    let whom = |person| op::Whom { person, account: None };
    let told = town.registry.tell(&mut op, &permit, &whom(person), 10).await.unwrap();
    assert_eq!(told[0].items.len(), 1);
    assert_eq!(told[0].items[0]["values"]["phone"], "0912345678");
    assert_eq!(told[0].items[0]["register"], "Cửa hàng");
    let nothing = town.registry.tell(&mut op, &permit, &whom(stranger), 10).await.unwrap();
    assert_eq!(nothing[0].items, Vec::<serde_json::Value>::new());
}

/// Two records that came to hold one number under two keys: one of them waits for a person, and the rest goes on.
#[tokio::test]
async fn one_number_in_two_records_keeps_no_key_alive() {
    let town = Town::new().await;
    with_secret(&town).await;
    let owner = town.official("SCT", "specialist");
    for (code, phone) in [("CH-0002", "0987654321"), ("CH-0003", "0977777777")] {
        let mut one = shop(code);
        one["phone"] = phone.into();
        town.add(&owner, "shop", one).await.unwrap();
    }
    let vault = town.identity.vault();
    let new = vault
        .add_key(town.scratch.ops.now() + chrono::TimeDelta::hours(1))
        .unwrap();
    let same = vault
        .tag_under(new, "registry.tag", "shop.phone", b"0912345678")
        .unwrap();
    sqlx::query("UPDATE records.shop SET phone__tag = $1, sealed = NULL WHERE code = 'CH-0002'")
        .bind(same)
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let done = town.registry.reseal_by(&town.scratch.ops, 10).await.unwrap();
    assert_eq!((done.done, done.conflicting, done.unreadable), (1, 1, 0));
}

/// A personal number that is only written down names its person as well.
#[tokio::test]
async fn a_number_that_is_only_written_down_names_its_person() {
    use op::Keeper as _;
    let town = Town::new().await;
    town.publish(&crate::town::SHOP.replacen("type: person,", "type: personal_number,", 1))
        .await
        .unwrap();
    with_secret(&town).await;
    let mut op = town.op(&Actor::System("province")).await;
    let mut person = identity::NewPerson::named("Nguyễn Thị Đào");
    person.personal_number = Some(PersonalNumber::parse(NUMBER).unwrap());
    let person = town.identity.register_person(&mut op, &person).await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&Actor::System("privacy")).await;
    let permit = op
        .allow("registry.reseal", "test", op::Decision::Follows)
        .await
        .unwrap();
    let whom = op::Whom { person, account: None };
    let told = town.registry.tell(&mut op, &permit, &whom, 10).await.unwrap();
    assert_eq!(told[0].items.len(), 1);
}

/// Long lists stand behind the wall too, and it is asked once for all of their rows.
#[tokio::test]
async fn the_wall_of_lists_is_asked_once_a_statement() {
    let town = Town::new().await;
    sqlx::query(
        "INSERT INTO registry.failing (register, run, sort, field, rule, record, shown)
         SELECT register, gen_random_uuid(), 'wrong', 'name', 'required', gen_random_uuid(), true
         FROM unnest(ARRAY['shop', 'street']) AS own (register), generate_series(1, 5)",
    )
    .execute(&town.scratch.pool)
    .await
    .unwrap();
    let count = async |actor: &Actor| -> i64 {
        let mut op = town.op(actor).await;
        sqlx::query_scalar("SELECT count(*) FROM registry.failing")
            .fetch_one(op.conn())
            .await
            .unwrap()
    };
    assert_eq!(count(&town.official("SXD", "specialist")).await, 10);
    assert_eq!(count(&town.citizen()).await, 5, "streets are for everybody");
    for table in ["failing", "twin", "quality_run", "profile"] {
        let asked: String = sqlx::query_scalar(
            "SELECT qual FROM pg_policies WHERE schemaname = 'registry' AND tablename = $1 AND cmd = 'SELECT'",
        )
        .bind(table)
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
        assert!(asked.contains("IN ( SELECT own.register"), "{table}: {asked}");
    }
}
