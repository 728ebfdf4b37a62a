use std::collections::BTreeSet;

use kernel::Actor;
use op::{Move, Movers, Moves};
use registry::definition::RecordDefinition;
use registry::{Command, Condition, Declared, Difference, Given, Keep, Step};
use serde_json::json;

use crate::town::{SHOP, STREET, Town, definition, given, shop};

#[tokio::test]
async fn a_register_without_records_costs_no_table() {
    let town = Town::new().await;
    let tables = async || {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'records'")
            .fetch_one(&town.scratch.pool)
            .await
            .unwrap();
        count
    };
    assert_eq!(tables().await, 0);
    let owner = town.official("SCT", "specialist");
    assert_eq!(town.codes(&owner, "shop", &[]).await, Vec::<String>::new());
    // Two who enter the first records at once.
    let (one, other) = tokio::join!(
        town.add(&owner, "shop", shop("CH-0001")),
        town.add(&owner, "shop", shop("CH-0002")),
    );
    one.unwrap();
    other.unwrap();
    assert_eq!(tables().await, 2);
    // Behind the wall nobody makes tables but those of registers.
    let mut op = town.op(&owner).await;
    assert!(
        sqlx::query("CREATE TABLE records.other (id uuid)")
            .execute(op.conn())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_declaration_grows_while_records_stay() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    town.add(
        &owner,
        "shop",
        json!({ "code": "CH-0001", "name": "Bình Minh", "ward": "31340", "capital": 7 }),
    )
    .await
    .unwrap();
    let grown = SHOP
        .replacen(
            "  - { field: lease,",
            "  - { field: floor, vi: Diện tích, en: Floor, type: number, class: public, search: true }\n  - { field: lease,",
            1,
        )
        .replacen("capital > 1000000000", "capital > 5", 1)
        .replacen("type: money, class: internal", "type: number, class: internal", 1);
    let done = town.publish(&grown).await.unwrap();
    assert!(!done.plan.steps.is_empty() && done.refusals.is_empty());
    let found = town.list(&owner, "shop", &[]).await.unwrap();
    assert_eq!(found[0].values["large"], true, "computed anew");
    assert_eq!(found[0].values["capital"], 7);
    town.add(
        &owner,
        "shop",
        json!({ "code": "CH-0002", "name": "B", "ward": "31340", "floor": 3 }),
    )
    .await
    .unwrap();
    assert_eq!(town.codes(&owner, "shop", &[("floor.from", "1")]).await, ["CH-0002"]);
    // Words of a text that was none before are found.
    let again = town.publish(&grown).await.unwrap();
    assert!(again.in_force);
}

/// Nothing is lost when a register is opened, but whoever publishes is told, and the trail keeps it.
#[tokio::test]
async fn what_opens_data_is_told_before_and_kept_in_the_trail() {
    let town = Town::new().await;
    let first = SHOP.replacen("readers: officials", "readers: owner\napproval: true", 1);
    town.publish(&first).await.unwrap();
    let opened = SHOP
        .replacen("retention: { years: 10 }", "retention: { years: 1 }", 1)
        .replacen("type: money, class: internal", "type: money, class: public", 1)
        .replacen("with: [CT]", "with: [CT, SXD]", 1)
        .replacen("enters: [district]", "enters: [district, commune]", 1);
    let expected = json!([
        { "wider_readers": { "from": "owner", "to": "officials" } },
        { "more_enter": { "levels": ["commune"] } },
        { "wider_share": { "with": "SXD", "fields": ["code", "name", "phone"] } },
        { "lower_class": { "field": "capital", "from": "internal", "to": "public" } },
        "approval_dropped",
        { "shorter_retention": { "from": { "years": 10 }, "to": { "years": 1 } } },
    ]);
    let mut op = town.op(&Actor::System("apps")).await;
    let rehearsal = town.registry.rehearse(&mut op, &definition(&opened)).await.unwrap();
    drop(op);
    assert_eq!(serde_json::to_value(&rehearsal.plan.notices).unwrap(), expected);
    let texts = render::Texts::embedded().unwrap();
    for notice in &rehearsal.plan.notices {
        for locale in [render::Locale::Vi, render::Locale::En] {
            let said = notice.said(&texts, locale);
            assert!(
                said.contains(' ') && !said.contains("registers_drafts") && !said.contains("registers."),
                "{said}"
            );
        }
    }
    let said = rehearsal.plan.notices[3].said(&texts, render::Locale::Vi);
    assert_eq!(said, "Trường “Vốn” giảm mức bảo vệ: từ nội bộ thành mở.");
    town.publish(&opened).await.unwrap();
    let kept: serde_json::Value = sqlx::query_scalar(
        "SELECT detail::jsonb -> 'notices' FROM op.audit_entry WHERE action = 'registry.published' AND subject = 'register:shop'
         ORDER BY id DESC LIMIT 1",
    )
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    assert_eq!(kept, expected);
}

#[tokio::test]
async fn what_would_lose_data_is_refused_with_the_reason() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let mut one = shop("CH-0001");
    one["started_on"] = "2020-01-01".into();
    one["phone"] = "0912345678".into();
    town.add(&owner, "shop", one).await.unwrap();
    let without = SHOP.replacen(
        "  - { field: started_on, vi: Ngày mở, en: Opened on, type: date, class: public, search: true }\n",
        "",
        1,
    );
    let fault = town.publish(&without).await.unwrap_err();
    assert_eq!(fault.code, "registry.plan_refused");
    assert_eq!(fault.params["records"], "1");
    let mut op = town.op(&Actor::System("apps")).await;
    let rehearsal = town
        .registry
        .rehearse(&mut op, &crate::town::definition(&without))
        .await
        .unwrap();
    assert_eq!(rehearsal.refusals[0].condition, Condition::Unused("started_on".into()));
    drop(op);
    for (from, to) in [
        (
            "type: phone, class: personal, unique: true",
            "type: phone, class: internal, unique: true",
        ),
        ("{ code: open, vi: Đang bán, en: Open }, ", ""),
        (
            "started_on, vi: Ngày mở, en: Opened on, type: date",
            "started_on, vi: Ngày mở, en: Opened on, type: money",
        ),
    ] {
        assert!(SHOP.contains(from));
        let fault = town.publish(&SHOP.replacen(from, to, 1)).await.unwrap_err();
        assert_eq!(fault.code, "registry.plan_refused", "{to}");
    }
    // Nothing was half done.
    assert_eq!(
        town.codes(&owner, "shop", &[("started_on", "2020-01-01")]).await,
        ["CH-0001"]
    );
}

#[tokio::test]
async fn a_key_that_two_records_share_is_refused() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    town.add(&owner, "shop", shop("CH-0001")).await.unwrap();
    town.add(&owner, "shop", shop("CH-0002")).await.unwrap();
    let fault = town
        .publish(&SHOP.replacen("key: [code]", "key: [name]", 1))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "registry.plan_refused");
    assert_eq!(fault.params["records"], "2");
}

#[tokio::test]
async fn only_administrators_and_the_platform_publish() {
    let town = Town::new().await;
    let definition = crate::town::definition(SHOP);
    for actor in [town.official("SCT", "specialist"), town.citizen(), Actor::Anonymous] {
        let mut op = town.op(&actor).await;
        let fault = town
            .registry
            .publish(&mut op, "demo", &definition, &town.agencies)
            .await
            .unwrap_err();
        assert_eq!(fault.code, "registry.not_allowed");
    }
    let mut op = town.op(&town.official("SCT", "admin")).await;
    town.registry
        .publish(&mut op, "own", &definition, &town.agencies)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let mut unknown = definition;
    unknown.owner = "NONE".into();
    let mut op = town.op(&Actor::System("apps")).await;
    let fault = town
        .registry
        .publish(&mut op, "demo", &unknown, &town.agencies)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "registry.owner_unknown");
}

/// Markets like the streets, under their own key.
fn market() -> RecordDefinition {
    definition(&STREET.replacen("record: street", "record: market", 1))
}

fn of<'a>(all: &'a [RecordDefinition]) -> Vec<Declared<'a>> {
    let each = all.iter().map(|definition| Declared {
        app: "demo",
        definition,
    });
    each.collect()
}

#[tokio::test]
async fn many_come_into_force_at_once_and_those_with_records_one_by_one() {
    let town = Town::new().await;
    town.add(&town.official("SCT", "specialist"), "shop", shop("CH-0001"))
        .await
        .unwrap();
    let mut all = vec![definition(SHOP), definition(STREET), market()];
    all[0].words.vi = "Cửa hiệu".into();
    all[1].words.vi = "Phố".into();
    let platform = Actor::System("apps");
    let mut op = town.op(&platform).await;
    let compared = town.registry.compare(&mut op, &of(&all), &town.agencies).await.unwrap();
    let differences: Vec<Difference> = compared.iter().map(|one| one.difference).collect();
    assert_eq!(differences, [Difference::Kept, Difference::Empty, Difference::New]);
    let rest = town
        .registry
        .publish_many(&mut op, &of(&all), &town.agencies)
        .await
        .unwrap();
    assert_eq!(rest, [0], "shops have tables");
    op.commit().await.unwrap();
    let mut op = town.op(&platform).await;
    let street = town.registry.register(&mut op, "street").await.unwrap();
    assert_eq!((street.definition.words.vi.as_str(), street.made), ("Phố", false));
    let shops = town.registry.register(&mut op, "shop").await.unwrap();
    assert_eq!(shops.definition.words.vi, "Cửa hàng");
    drop(op);
    town.publish(&SHOP.replacen("vi: Cửa hàng", "vi: Cửa hiệu", 1))
        .await
        .unwrap();

    // The same again: nothing to do, nothing written.
    let published = "SELECT count(*) FROM op.audit_entry WHERE action = 'registry.published'";
    let count = async || -> i64 {
        sqlx::query_scalar(published)
            .fetch_one(&town.scratch.pool)
            .await
            .unwrap()
    };
    let before = count().await;
    let mut op = town.op(&platform).await;
    let compared = town.registry.compare(&mut op, &of(&all), &town.agencies).await.unwrap();
    assert!(compared.iter().all(|one| one.difference == Difference::None));
    let rest = town
        .registry
        .publish_many(&mut op, &of(&all), &town.agencies)
        .await
        .unwrap();
    assert!(rest.is_empty());
    op.commit().await.unwrap();
    assert_eq!(count().await, before);

    // What is declared no more stays, and is known.
    let mut op = town.op(&platform).await;
    let left = town
        .registry
        .left(&mut op, &platform, &BTreeSet::from(["shop", "street"]))
        .await
        .unwrap();
    let left: Vec<(&str, &str)> = left
        .iter()
        .map(|one| (one.register.as_str(), one.app.as_str()))
        .collect();
    assert_eq!(left, [("market", "demo")]);
    let others = town
        .registry
        .left(&mut op, &Actor::System("other"), &BTreeSet::new())
        .await;
    assert!(others.unwrap().is_empty());
}

#[tokio::test]
async fn many_are_published_whole_or_not_at_all() {
    let town = Town::new().await;
    let mut all = vec![market(), definition(STREET)];
    all[1].owner = "NOBODY".into();
    let mut op = town.op(&Actor::System("apps")).await;
    let fault = town
        .registry
        .publish_many(&mut op, &of(&all), &town.agencies)
        .await
        .unwrap_err();
    assert_eq!(
        (fault.code, fault.params["owner"].as_str()),
        ("registry.owner_unknown", "NOBODY")
    );
    op.commit().await.unwrap();
    let mut op = town.op(&Actor::System("apps")).await;
    assert_eq!(
        town.registry.register(&mut op, "market").await.unwrap_err().code,
        "registry.not_found"
    );
    drop(op);
    let mut op = town.op(&town.official("SCT", "specialist")).await;
    let fault = town
        .registry
        .publish_many(&mut op, &of(&all[..1]), &town.agencies)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "registry.not_allowed");
}

/// Whoever takes an agency over answers for its registers, and those of whom the declaration speaks go along; officials of the new agency enter.
///
/// shows: R254
#[tokio::test]
async fn registers_follow_their_agencies() {
    let mut town = Town::new().await;
    let step = |from: &str, to: &str| Move {
        from: town.agencies[from],
        from_code: from.into(),
        from_name: from.into(),
        to: town.agencies[to],
        to_code: to.into(),
        to_name: to.into(),
    };
    let moves = Moves {
        on: "2026-01-01".parse().unwrap(),
        agencies: vec![step("SCT", "TPVT"), step("CT", "SXD")],
    };
    let mut movers = Movers::new();
    registry::register_movers(&mut movers, &town.registry);
    let mut op = town.op(&town.official("SCT", "specialist")).await;
    assert!(movers.carry(&mut op, &moves).await.is_err());
    drop(op);
    let mut op = town.op(&Actor::System("province")).await;
    let parts = movers.carry(&mut op, &moves).await.unwrap();
    op.commit().await.unwrap();
    let moved: Vec<_> = parts[0]
        .moved
        .iter()
        .map(|one| (one.what.as_str(), one.found, one.moved))
        .collect();
    assert_eq!(moved, [("registers", 1, 1), ("register_proposals", 0, 0)]);
    let mut op = town.op(&Actor::System("apps")).await;
    let shops = town.registry.register(&mut op, "shop").await.unwrap();
    assert_eq!(shops.owner, town.agencies["TPVT"]);
    assert_eq!(
        (shops.agencies["SCT"], shops.agencies["CT"]),
        (town.agencies["TPVT"], town.agencies["SXD"])
    );
    let streets = town.registry.register(&mut op, "street").await.unwrap();
    assert_eq!(streets.owner, town.agencies["SXD"]);
    drop(op);
    town.add(&town.official("TPVT", "specialist"), "shop", shop("CH-0001"))
        .await
        .unwrap();
    // Publishing with the agencies of today changes nothing.
    let (sct, ct) = (town.agencies["TPVT"], town.agencies["SXD"]);
    town.agencies.extend([("SCT".to_owned(), sct), ("CT".to_owned(), ct)]);
    let mut op = town.op(&Actor::System("apps")).await;
    let all = [definition(SHOP)];
    let compared = town.registry.compare(&mut op, &of(&all), &town.agencies).await.unwrap();
    assert_eq!(compared[0].difference, Difference::None);
}

/// What holds 5 is large.
fn smaller() -> String {
    SHOP.replacen("capital > 1000000000", "capital > 5", 1)
}

fn with_capital(code: &str, capital: i64) -> serde_json::Value {
    let mut one = shop(code);
    one["capital"] = capital.into();
    one
}

/// Whoever was writing when another declaration came: what they write is computed anew with the rest.
#[tokio::test]
async fn a_publication_passes_over_nothing_that_is_being_written() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let made = town.add(&owner, "shop", with_capital("CH-0001", 7)).await.unwrap();
    let mut op = town.op(&owner).await;
    let command = Command::Change {
        from: None,
        given: given(with_capital("CH-0001", 8)),
    };
    town.registry
        .change(&mut op, "shop", (made.id, made.version), command, "")
        .await
        .unwrap();
    let new = smaller();
    let (published, ()) = tokio::join!(town.publish(&new), async {
        town.somebody_waits().await;
        op.commit().await.unwrap();
    });
    published.unwrap();
    let found = town.list(&owner, "shop", &[]).await.unwrap();
    assert_eq!(
        (&found[0].values["capital"], &found[0].values["large"]),
        (&json!(8), &json!(true))
    );
}

/// And whoever has read the old declaration and was kept waiting writes nothing by it.
#[tokio::test]
async fn nothing_is_written_by_a_declaration_that_is_no_more() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    town.add(&owner, "shop", with_capital("CH-0001", 7)).await.unwrap();
    let new = definition(&smaller());
    let platform = Actor::System("apps");
    for many in [false, true] {
        let code = if many { "CH-0003" } else { "CH-0002" };
        let mut op = town.op(&platform).await;
        sqlx::query("LOCK TABLE records.shop IN EXCLUSIVE MODE")
            .execute(op.conn())
            .await
            .unwrap();
        let write = async {
            if !many {
                return town.add(&owner, "shop", with_capital(code, 8)).await.map(drop);
            }
            let row = Given {
                number: 1,
                fields: given(with_capital(code, 8)),
                ..Given::default()
            };
            let mut op = town.op(&platform).await;
            town.registry
                .take_over(&mut op, "shop", vec![row], Keep::Sealed)
                .await?;
            op.commit().await
        };
        let next = if many { definition(SHOP) } else { new.clone() };
        let (written, ()) = tokio::join!(write, async {
            town.somebody_waits().await;
            town.registry
                .publish(&mut op, "demo", &next, &town.agencies)
                .await
                .unwrap();
            op.commit().await.unwrap();
        });
        assert_eq!(written.unwrap_err().code, "registry.declared_anew");
    }
    assert_eq!(town.codes(&owner, "shop", &[]).await, ["CH-0001"]);
}

/// What was known before lies in columns of the same names: it counts like what is known now.
#[tokio::test]
async fn what_was_known_before_is_not_lost_either() {
    let town = Town::new().await;
    let builder = town.official("SXD", "specialist");
    let mut street = json!({ "code": "D1", "name": "Hùng Vương", "width": 7 });
    let made = town.add(&builder, "street", street.clone()).await.unwrap();
    let owner = town.official("SCT", "specialist");
    let mut one = shop("CH-0001");
    one["started_on"] = "2020-01-01".into();
    let shop_made = town.add(&owner, "shop", one.clone()).await.unwrap();
    street.as_object_mut().unwrap().remove("width");
    let correct = |json| Command::Correct {
        period: "2026-03-02".parse().unwrap(),
        from: None,
        to: None,
        given: given(json),
    };
    town.change(&builder, "street", made, correct(street), "Ghi nhầm")
        .await
        .unwrap();
    one["state"] = "closed".into();
    one.as_object_mut().unwrap().remove("started_on");
    town.change(&owner, "shop", shop_made, correct(one), "Ghi nhầm")
        .await
        .unwrap();
    let width = "  - { field: width, vi: Bề rộng, en: Width, type: number, decimals: 1, unit: m, class: public, search: true }\n";
    let dated = "  - { field: width, vi: Bề rộng, en: Width, type: date, class: public, search: true }\n";
    let opened = "  - { field: started_on, vi: Ngày mở, en: Opened on, type: date, class: public, search: true }\n";
    for (register, from, to) in [
        (STREET, width, ""),
        (STREET, width, dated),
        (SHOP, opened, ""),
        (SHOP, "{ code: open, vi: Đang bán, en: Open }, ", ""),
    ] {
        assert!(register.contains(from), "{from}");
        let fault = town.publish(&register.replacen(from, to, 1)).await.unwrap_err();
        assert_eq!(
            (fault.code, fault.params["records"].as_str()),
            ("registry.plan_refused", "1")
        );
    }
}

/// Twins are found by an index, also where an older program has made the table without it.
#[tokio::test]
async fn a_table_of_an_older_program_gets_the_index_by_which_twins_are_found() {
    let town = Town::new().await;
    let text = SHOP.replacen(
        "fields:\n",
        "duplicates:\n  - { same: [started_on, ward], alike: [name] }\nfields:\n",
        1,
    );
    town.publish(&text).await.unwrap();
    town.add(&town.official("SCT", "specialist"), "shop", shop("CH-0001"))
        .await
        .unwrap();
    let all = [definition(&text)];
    let compared = async || {
        let mut op = town.op(&Actor::System("apps")).await;
        let compared = town.registry.compare(&mut op, &of(&all), &town.agencies).await.unwrap();
        compared[0].difference
    };
    assert_eq!(compared().await, Difference::None);
    let index: String = sqlx::query_scalar(
        "SELECT indexrelid::regclass::text FROM pg_index
         WHERE indrelid = 'records.shop'::regclass AND pg_get_indexdef(indexrelid) LIKE '%(started_on, ward, id)%'",
    )
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    let name = index.trim_start_matches("records.").to_owned();
    let lose = async || {
        let mut drop = db::Statement::new("DROP INDEX records.");
        drop.name(&db::Name::new(name.clone()).unwrap());
        let mut connection = town.scratch.pool.acquire().await.unwrap();
        drop.execute(&mut connection).await.unwrap();
    };
    lose().await;
    assert_eq!(compared().await, Difference::Kept);
    let done = town.publish(&text).await.unwrap();
    assert_eq!(done.plan.steps, [Step::AddIndex(name.clone())]);
    assert_eq!(compared().await, Difference::None);
    // The same once more changes nothing; a declaration that says it no more takes it away, whether it is there or not.
    assert!(town.publish(&text).await.unwrap().plan.steps.is_empty());
    lose().await;
    town.publish(SHOP).await.unwrap();
}

/// A large table takes longer than a statement of an operation may.
#[tokio::test]
async fn a_publication_takes_the_time_that_it_needs() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    town.add(&owner, "shop", shop("CH-0001")).await.unwrap();
    let reader = town.scratch.pool.clone();
    let mut reading = reader.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM records.shop")
        .execute(&mut *reading)
        .await
        .unwrap();
    let mut op = town.op(&Actor::System("apps")).await;
    sqlx::query("SET LOCAL statement_timeout = '200ms'")
        .execute(op.conn())
        .await
        .unwrap();
    let retyped = definition(&SHOP.replacen("type: money, class: internal", "type: number, class: internal", 1));
    let (done, ()) = tokio::join!(
        town.registry.publish(&mut op, "demo", &retyped, &town.agencies),
        async {
            town.somebody_waits().await;
            sqlx::query("SELECT pg_sleep(0.5)")
                .execute(&mut *reading)
                .await
                .unwrap();
            reading.rollback().await.unwrap();
        }
    );
    assert!(!done.unwrap().plan.steps.is_empty());
}
