//! What people were granted is heeded in all engines: lists, exports, searches, and what officials are told.

use compose::scenarios;
use db::PageRequest;
use kernel::{Actor, PersonId};
use privacy::{Kind, NewRequest, Outcome, Verdict};

use crate::house::{House, house};

impl House {
    async fn who(&self, login: &str) -> Actor {
        let engines = &self.player.engines;
        let mut op = self.player.ops.open(Actor::System("test")).await.unwrap();
        let account = engines
            .identity
            .account_by_login(&mut op, login)
            .await
            .unwrap()
            .unwrap();
        drop(op);
        let mut connection = self.scratch.pool.acquire().await.unwrap();
        let now = self.player.ops.now();
        engines
            .identity
            .actor_of(&mut connection, account.id, now)
            .await
            .unwrap()
    }

    /// Asks for a restriction, and has it granted.
    async fn restrict(&self, person: &Actor, officer: &Actor) -> uuid::Uuid {
        let privacy = &self.player.engines.privacy;
        let mut op = self.player.ops.open(person.clone()).await.unwrap();
        let new = NewRequest {
            kind: Kind::Restrict,
            details: "Dữ liệu sai.".into(),
            wishes: Vec::new(),
            purposes: Vec::new(),
        };
        let id = privacy.ask(&mut op, new).await.unwrap();
        op.commit().await.unwrap();
        let mut op = self.player.ops.open(officer.clone()).await.unwrap();
        let verdict = Verdict {
            outcome: Outcome::Granted,
            answer: "Đã hạn chế.".into(),
            ground: String::new(),
            fields: Vec::new(),
            purposes: Vec::new(),
        };
        privacy.answer(&mut op, id, verdict).await.unwrap();
        op.commit().await.unwrap();
        id
    }

    /// What the ledger of an official's agency shows of the cases of a person: the page and the file.
    async fn ledger(&self, reader: &Actor) -> (String, String) {
        let dossiers = &self.player.engines.dossiers;
        let (from, to) = ("2026-01-01".parse().unwrap(), "2026-12-31".parse().unwrap());
        let mut op = self.player.ops.open(reader.clone()).await.unwrap();
        let page = dossiers
            .ledger(&mut op, from, to, &PageRequest::new(None, Some(100)))
            .await
            .unwrap();
        let csv = dossiers.ledger_csv(&mut op, from, to).await.unwrap();
        (
            serde_json::to_string(&page.items).unwrap(),
            String::from_utf8(csv).unwrap(),
        )
    }
}

// shows: R028
#[tokio::test]
async fn a_restriction_takes_a_name_out_of_lists_and_files_and_leaves_the_case_at_work() {
    let house = house().await;
    let app = house.apps.iter().find(|app| app.key == "civil-extract").unwrap();
    scenarios::run(&house.player, &house.scratch.clock, &house.jobs, app, &app.scenarios[0])
        .await
        .unwrap();
    let (citizen, officer) = (house.who("congdan").await, officer(&house).await);
    let clerk = house.who("motcua.ngabay").await;
    let name = citizen.name().to_owned();
    let (page, csv) = house.ledger(&clerk).await;
    assert!(page.contains(&name) && csv.contains(&name));
    let id = house.restrict(&citizen, &officer).await;

    let (page, csv) = house.ledger(&clerk).await;
    assert!(!page.contains(&name) && !csv.contains(&name), "{page}\n{csv}");
    assert!(
        page.contains("\"withheld\":true") && csv.contains("hạn chế xử lý"),
        "the line stays"
    );
    let engines = &house.player.engines;
    let found = async |words: &str| {
        let mut op = house.player.ops.open(clerk.clone()).await.unwrap();
        let first = PageRequest::first();
        let page = engines
            .identity
            .find_people(&mut op, words, "H30", &first)
            .await
            .unwrap();
        let mine: Vec<PersonId> = page
            .items
            .iter()
            .map(|row| row.id)
            .filter(|id| Some(*id) == citizen.person())
            .collect();
        mine.len()
    };
    assert_eq!(
        (found(&name).await, found("999192000017").await),
        (0, 1),
        "served by the number"
    );
    // Who has no number comes to the counter too, and can be found by nothing else.
    let mut op = house.player.ops.open(Actor::System("test")).await.unwrap();
    let unnumbered = engines
        .identity
        .register_person(&mut op, &identity::NewPerson::named("Lò Thị Không Số"))
        .await
        .unwrap();
    op.commit().await.unwrap();
    sqlx::query("INSERT INTO privacy.bound (request, purpose, person, since) SELECT id, 'office_lists', $1, now() FROM privacy.request")
        .bind(unnumbered.uuid())
        .execute(&house.scratch.pool)
        .await
        .unwrap();
    let mut op = house.player.ops.open(clerk.clone()).await.unwrap();
    let first = PageRequest::first();
    let by_name = engines
        .identity
        .find_people(&mut op, "không số", "H30", &first)
        .await
        .unwrap();
    assert_eq!((by_name.items.len(), by_name.items[0].birth_date), (1, None));
    drop(op);
    // The case goes on, and whoever works on it is told.
    let dossier: uuid::Uuid = sqlx::query_scalar("SELECT id FROM dossiers.dossier WHERE owner_person = $1")
        .bind(citizen.person().unwrap().uuid())
        .fetch_one(&house.scratch.pool)
        .await
        .unwrap();
    let restricted = async |who: &Actor| {
        let mut op = house.player.ops.open(who.clone()).await.unwrap();
        let view = engines.dossiers.view(&mut op, dossier.into()).await.unwrap();
        (view.use_restricted, view.owner_name)
    };
    assert_eq!(restricted(&clerk).await, (true, name.clone()));
    assert_eq!(restricted(&citizen).await, (false, name.clone()), "told to officials");

    let mut op = house.player.ops.open(citizen.clone()).await.unwrap();
    engines.privacy.lift(&mut op, id).await.unwrap();
    op.commit().await.unwrap();
    let (page, csv) = house.ledger(&clerk).await;
    assert!(page.contains(&name) && csv.contains(&name));
    assert_eq!((found(&name).await, restricted(&clerk).await.0), (1, false));
}

/// The official of the demonstration who answers people about their data.
async fn officer(house: &House) -> Actor {
    let logins: Vec<String> = sqlx::query_scalar(
        "SELECT account.login FROM identity.account
         JOIN identity.holding ON holding.person = account.person
         JOIN identity.position ON position.id = holding.position
         WHERE 'data_protection' = ANY (position.roles)",
    )
    .fetch_all(&house.scratch.pool)
    .await
    .unwrap();
    house.who(&logins[0]).await
}

// shows: R028
#[tokio::test]
async fn every_purpose_that_an_engine_asks_about_is_declared_and_does_not_stop_serving_people() {
    let declaration = compose::personal_data::declaration().unwrap();
    for purpose in [identity::OFFICE_LISTS, dossiers::OFFICE_LISTS, "statistics"] {
        let declared = declaration.purpose(purpose);
        assert!(
            declared.is_some_and(|purpose| !purpose.needed && !purpose.optional),
            "{purpose}"
        );
    }
    assert!(declaration.purpose("public_service").unwrap().needed);
}
