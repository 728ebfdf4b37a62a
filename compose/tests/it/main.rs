//! The demonstration province, loaded whole, and what is played in it.

mod areas;
mod bounds;
mod house;
mod keys;
mod past;
mod post;
mod registers;
mod reorganise;
mod rights;
mod scenarios;
mod sealed;
mod united;
mod wall;

use db::PageRequest;
use dossiers::catalogue::{Catalogue, Level, ProcedureQuery};
use identity::{AccountFilter, Entered, Identity, SignIn, Source};
use kernel::Actor;
use testkit::Scratch;

use house::loaded;

async fn count(scratch: &Scratch, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&scratch.pool).await.unwrap()
}

// shows: R048, R066, R067
#[tokio::test]
async fn the_province_loads_once_and_whole() {
    let (scratch, identity) = loaded().await;
    assert_eq!(
        count(&scratch, "SELECT count(*) FROM identity.area WHERE level = 'district'").await,
        8
    );
    assert_eq!(
        count(&scratch, "SELECT count(*) FROM identity.area WHERE level = 'ward'").await,
        75
    );
    assert_eq!(count(&scratch, "SELECT count(*) FROM dossiers.procedure").await, 2642);
    let people = count(&scratch, "SELECT count(*) FROM identity.person").await;
    assert!(people >= 2200, "{people}");
    compose::province::load(&scratch.ops, &identity, true, &|_, _, _| {
        panic!("nothing is left to do")
    })
    .await
    .unwrap();
    assert_eq!(count(&scratch, "SELECT count(*) FROM identity.person").await, people);

    let accounts = compose::province::demo_accounts(&scratch.ops, &identity, &|name| format!("mat khau cua {name}"))
        .await
        .unwrap();
    assert_eq!(accounts.len(), 13);
    for account in &accounts {
        let source = Source {
            device: None,
            ip: "127.0.0.1",
            user_agent: "test",
        };
        let attempt = SignIn {
            login: &account.name,
            password: &account.password,
            source,
        };
        let Entered::In(signed) = identity.sign_in(&scratch.ops, attempt).await.unwrap() else {
            panic!("{} has a second factor", account.name)
        };
        assert_eq!(
            signed.actor.is_official(),
            account.role != "citizen",
            "{}",
            account.name
        );
        assert!(
            account.role == "citizen" || signed.actor.has_role(&account.role),
            "{}",
            account.name
        );
        if account.name == "vanphong.tpngabay" {
            looks_after_a_district(&scratch, &identity, &signed.actor).await;
        }
    }
}

/// The chief of office of the demonstration, as in the next request: looks after the accounts of the district and its communes, and leads the one-stop desk.
async fn looks_after_a_district(scratch: &Scratch, identity: &Identity, signed: &Actor) {
    assert!(signed.has_role("unit_head") && signed.unit().is_some());
    let mut op = scratch.ops.open(signed.clone()).await.unwrap();
    let (account, now) = (signed.account().unwrap(), op.now());
    let chief = identity.actor_of(op.conn(), account, now).await.unwrap();
    let mut op = scratch.ops.open(chief).await.unwrap();
    let page = PageRequest::first();
    let found = identity.accounts(&mut op, "", AccountFilter::All, &page).await.unwrap();
    let logins: Vec<&str> = found.items.iter().map(|row| row.login.as_str()).collect();
    for (login, seen) in [
        ("motcua.tpngabay", true),
        ("motcua.ngabay", true),
        ("tuphap.laihieu", true),
        ("quantri.tinh", false),
        ("congdan", false),
    ] {
        assert_eq!(logins.contains(&login), seen, "{login} in {logins:?}");
    }
}

/// A release that corrects a table reaches a province that was loaded long ago, and nothing else is loaded again.
#[tokio::test]
async fn a_table_that_changed_is_loaded_again() {
    let (scratch, identity) = loaded().await;
    let spoilt =
        "UPDATE op.mark SET value = 'the digest of an older table' WHERE key = 'province.loaded.organisations';
         UPDATE identity.agency SET name = 'An older name' WHERE id = (SELECT id FROM identity.agency ORDER BY id LIMIT 1)";
    sqlx::raw_sql(spoilt).execute(&scratch.pool).await.unwrap();
    let told = std::sync::Mutex::new(Vec::new());
    let progress = |_: usize, _: usize, step: &str| told.lock().unwrap().push(step.to_owned());
    compose::province::load(&scratch.ops, &identity, true, &progress)
        .await
        .unwrap();
    compose::province::load(&scratch.ops, &identity, true, &progress)
        .await
        .unwrap();
    assert_eq!(*told.lock().unwrap(), ["organisations"]);
    assert_eq!(
        count(
            &scratch,
            "SELECT count(*) FROM identity.agency WHERE name = 'An older name'"
        )
        .await,
        0
    );
}

/// What a release no longer carries is not offered any more; cases that began keep their version.
#[tokio::test]
async fn a_system_that_left_the_program_is_not_online() {
    let house = house::house().await;
    let house::House {
        scratch, player, apps, ..
    } = &house;
    let online = "SELECT count(*) FROM dossiers.procedure WHERE app IS NOT NULL AND online_level IS NOT NULL";
    let in_force = "SELECT count(*) FROM dossiers.definition WHERE in_force";
    let all = apps.len() as i64;
    assert_eq!(
        (count(scratch, online).await, count(scratch, in_force).await),
        (all, all)
    );
    let left = &apps[0].key;
    compose::apps::publish(&player.ops, &player.engines, &apps[1..])
        .await
        .unwrap();
    assert_eq!(
        (count(scratch, online).await, count(scratch, in_force).await),
        (all - 1, all - 1)
    );
    let mut op = scratch.ops.open(Actor::Anonymous).await.unwrap();
    assert!(player.engines.dossiers.online(&mut op, left).await.is_err(), "{left}");
    drop(op);
    compose::apps::publish(&player.ops, &player.engines, apps)
        .await
        .unwrap();
    assert_eq!(
        (count(scratch, online).await, count(scratch, in_force).await),
        (all, all)
    );
    let versions = "SELECT count(*) FROM dossiers.definition";
    assert_eq!(
        count(scratch, versions).await,
        all,
        "the same content is the same version"
    );
}

// shows: R025, R065
#[tokio::test]
async fn procedures_are_found_with_and_without_tones_and_paged_without_gaps() {
    let (scratch, _) = loaded().await;
    let mut op = scratch.ops.open(Actor::Anonymous).await.unwrap();
    for text in [
        "đăng ký khai sinh",
        "dang ky khai sinh",
        "ĐĂNG KÝ KHAI SINH",
        "1.001193",
    ] {
        let query = ProcedureQuery {
            text: Some(text.into()),
            ..ProcedureQuery::default()
        };
        let found = Catalogue.search_procedures(&mut op, &query).await.unwrap();
        assert!(
            found.items.iter().take(3).any(|card| card.code == "1.001193"),
            "{text}: {:?}",
            found.items.first()
        );
    }
    let at_commune = Catalogue.fields_at(&mut op, Level::Commune).await.unwrap();
    for field in compose::province::frame().unwrap().front_page_fields {
        assert!(at_commune.iter().any(|own| own.field == field), "{field}");
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut after = None;
    loop {
        let page = Some(db::PageRequest::new(after, Some(200)));
        let found = Catalogue
            .search_procedures(
                &mut op,
                &ProcedureQuery {
                    page,
                    ..ProcedureQuery::default()
                },
            )
            .await
            .unwrap();
        assert!(
            found.items.iter().all(|card| seen.insert(card.code.clone())),
            "no procedure stands on two pages"
        );
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 2642);
    // What would be an operator of the query language is taken as words.
    let odd = ProcedureQuery {
        text: Some("' | & !:* khai) sinh -- \\".into()),
        ..ProcedureQuery::default()
    };
    assert!(
        !Catalogue
            .search_procedures(&mut op, &odd)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    let view = Catalogue.procedure(&mut op, "2.000635").await.unwrap();
    assert_eq!((view.fee_min, view.papers.len()), (Some(8000), 4));
    assert_eq!(
        Catalogue.procedure(&mut op, "9.999999").await.unwrap_err().code,
        "dossiers.procedure_not_found"
    );
}

#[tokio::test]
async fn official_files_are_imported_again_and_again_and_bad_rows_are_told() {
    use dossiers::catalogue::OfficialSource;
    let (scratch, _) = loaded().await;
    let file = scratch.directory().join("records.jsonl");
    std::fs::write(
        &file,
        "{\"ma_thu_tuc\":\"1.001193\",\"trinh_tu_thuc_hien\":\"Bước 1\"}\n{oops\n{\"ma_thu_tuc\":\"7.777777\"}\n{\"ma_thu_tuc\":\"abc\"}\n",
    )
    .unwrap();
    for _ in 0..2 {
        let mut op = scratch.ops.open(Actor::System("test")).await.unwrap();
        let report = Catalogue
            .import_official(&mut op, &OfficialSource::open(&file).unwrap())
            .await
            .unwrap();
        op.commit().await.unwrap();
        assert_eq!((report.read, report.written), (4, 1));
        let reasons: Vec<_> = report.refused.iter().map(|row| (row.line, row.reason)).collect();
        assert_eq!(reasons, [(2, "not_json"), (3, "unknown_procedure"), (4, "bad_code")]);
    }
    let mut op = scratch.ops.open(Actor::Anonymous).await.unwrap();
    assert_eq!(
        Catalogue.procedure(&mut op, "1.001193").await.unwrap().sections.len(),
        1
    );
    assert_eq!(
        OfficialSource::open(&scratch.directory().join("x.pdf"))
            .unwrap_err()
            .code,
        "dossiers.import_unknown_kind"
    );
    assert_eq!(
        OfficialSource::open(&scratch.directory().join("x.xlsx"))
            .unwrap_err()
            .code,
        "dossiers.import_unreadable"
    );
}
