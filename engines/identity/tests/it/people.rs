use db::PageRequest;
use identity::{NewPerson, Residence};
use kernel::{Actor, PersonId};

use crate::town::{Town, code, day};

const FOR: &str = "H30.29.01-260302-0001";

async fn found(town: &Town, actor: &Actor, words: &str) -> Vec<String> {
    let mut op = town.op(actor).await;
    let page = town
        .identity
        .find_people(&mut op, words, FOR, &PageRequest::first())
        .await
        .unwrap();
    op.commit().await.unwrap();
    page.items.into_iter().map(|row| row.full_name).collect()
}

#[tokio::test]
async fn names_are_found_with_and_without_tones() {
    let town = Town::new().await;
    for name in [
        "Nguyễn Thị Hòa",
        "Nguyễn Thị Hoà",
        "Lê Hoàng Anh",
        "Đặng Thị Ánh",
        "Trần Văn Thanh",
        "Y Ế",
    ] {
        town.person(name).await;
    }
    let clerk = town.desk("can.bo.mot.cua", &["clerk"]).await;
    for words in ["Hòa", "hoà", "HOA thi", "ho\u{300}a nguye\u{302}\u{303}n", "nguyen hoa"] {
        let names = found(&town, &clerk, words).await;
        assert!(
            names.contains(&"Nguyễn Thị Hòa".to_owned()) && names.contains(&"Nguyễn Thị Hoà".to_owned()),
            "{words}"
        );
    }
    assert_eq!(found(&town, &clerk, "dang anh").await, ["Đặng Thị Ánh"]);
    assert_eq!(
        found(&town, &clerk, "anh").await,
        ["Lê Hoàng Anh", "Đặng Thị Ánh"],
        "the beginning of a word, not thANH"
    );
    assert_eq!(found(&town, &clerk, "y e").await, ["Y Ế"]);
    assert!(found(&town, &clerk, "100% _").await.is_empty());
}

#[tokio::test]
async fn lists_are_in_the_order_of_given_names_page_after_page() {
    let town = Town::new().await;
    let ordered = [
        "Nguyễn Văn An",
        "Trần Thị An",
        "Nguyễn Văn Ân",
        "Nguyễn Văn Bình",
        "Nguyễn Văn Bính",
        "Nguyễn Văn Cường",
        "Nguyễn Văn Dũng",
        "Nguyễn Văn Đạt",
        "Nguyễn Văn Út",
    ];
    let mut shuffled = ordered;
    shuffled.reverse();
    shuffled.swap(1, 4);
    for name in shuffled {
        town.person(name).await;
    }
    let clerk = town.desk("can.bo.mot.cua", &["clerk"]).await;
    let mut request = PageRequest::new(None, Some(4));
    let mut names = Vec::new();
    loop {
        let mut op = town.op(&clerk).await;
        let page = town
            .identity
            .find_people(&mut op, "nguyen van", FOR, &request)
            .await
            .unwrap();
        assert!(page.items.len() <= 4);
        names.extend(page.items.into_iter().map(|row| row.full_name));
        match page.next {
            Some(next) => request = PageRequest::new(Some(next), Some(4)),
            None => break,
        }
    }
    let expected: Vec<&str> = ordered.into_iter().filter(|name| name.starts_with("Nguyễn")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn numbers_and_telephones_find_one_person_and_stay_masked() {
    let town = Town::new().await;
    let sen = NewPerson {
        personal_number: Some("093085001234".parse().unwrap()),
        phone: Some("0912345678".parse().unwrap()),
        birth_date: Some(day("1985-04-30")),
        residence: Some(Residence {
            ward_code: "31340".into(),
            detail: "12 Hùng Vương".into(),
        }),
        ..NewPerson::named("Lê Thị Sen")
    };
    let id = town.register(&sen).await;
    town.person("Lê Thị Sen").await;
    let clerk = town.desk("can.bo.mot.cua", &["clerk"]).await;
    for words in ["093 085 001 234", "+84 912 345 678"] {
        let mut op = town.op(&clerk).await;
        let page = town
            .identity
            .find_people(&mut op, words, FOR, &PageRequest::first())
            .await
            .unwrap();
        assert_eq!(page.items.len(), 1, "{words}");
        assert_eq!(page.items[0].id, id);
        assert_eq!(page.items[0].personal_number_masked.as_deref(), Some("********1234"));
        assert_eq!(page.items[0].ward_code.as_deref(), Some("31340"));
    }
    let mut op = town.op(&clerk).await;
    let number = "093085001234".parse().unwrap();
    let whole = town
        .identity
        .person_by_number(&mut op, &number, FOR)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((whole.id, whole.birth_date), (id, Some(day("1985-04-30"))));
    let nobody = "093085009999".parse().unwrap();
    assert!(
        town.identity
            .person_by_number(&mut op, &nobody, FOR)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn an_official_reads_a_person_for_a_purpose_and_it_is_written_down() {
    let town = Town::new().await;
    let person = town.person("Lê Thị Sen").await;
    town.account(person, "chi.sen").await;
    town.citizen("Võ Thị Lành", "chi.lanh").await;
    let specialist = town.desk("chuyen.vien", &["specialist"]).await;
    let (sen, lanh) = (town.enter("chi.sen").await.actor, town.enter("chi.lanh").await.actor);

    let mut op = town.op(&specialist).await;
    assert_eq!(
        code(town.identity.person(&mut op, person, " ").await),
        "identity.purpose_needed"
    );
    drop(op);
    let mut op = town.op(&specialist).await;
    assert_eq!(
        town.identity.person(&mut op, person, FOR).await.unwrap().full_name,
        "Lê Thị Sen"
    );
    op.commit().await.unwrap();
    let mut op = town.op(&specialist).await;
    let searched = town
        .identity
        .find_people(&mut op, "sen", FOR, &PageRequest::first())
        .await;
    assert_eq!(code(searched), "identity.not_allowed");
    drop(op);

    let mut op = town.op(&sen).await;
    assert_eq!(town.identity.person(&mut op, person, "").await.unwrap().id, person);
    op.commit().await.unwrap();
    for actor in [lanh, Actor::Anonymous] {
        let mut op = town.op(&actor).await;
        assert_eq!(
            code(town.identity.person(&mut op, person, FOR).await),
            "identity.person_not_found"
        );
        let number = "093085001234".parse().unwrap();
        assert_eq!(
            code(town.identity.person_by_number(&mut op, &number, FOR).await),
            "identity.not_allowed"
        );
    }

    let clerk = town.desk("can.bo.mot.cua", &["clerk"]).await;
    assert_eq!(found(&town, &clerk, "le sen").await, ["Lê Thị Sen"]);
    let trail = town.trail().await;
    let read: Vec<_> = trail
        .iter()
        .filter(|(action, ..)| action == "identity.person_read")
        .collect();
    assert_eq!(read.len(), 1, "one's own reading is no news");
    assert_eq!(read[0].1, format!("person:{person}"));
    assert!(read[0].2.starts_with(FOR));
    let search = trail
        .iter()
        .find(|(action, ..)| action == "identity.people_searched")
        .unwrap();
    assert!(search.2.starts_with(FOR) && search.2.contains(&person.to_string()) && !search.2.contains("le sen"));
    let refused = trail
        .iter()
        .filter(|(action, subject, _)| action == "op.refused" && *subject == format!("person:{person}"));
    assert_eq!(refused.count(), 3);
}

#[tokio::test]
async fn a_person_is_written_down_once() {
    let town = Town::new().await;
    let new = NewPerson {
        personal_number: Some("093085001234".parse().unwrap()),
        birth_date: Some(day("1985-04-30")),
        synthetic: true,
        ..NewPerson::named("Lê Thị Sen")
    };
    let id = town.register(&new).await;
    let moved = NewPerson {
        phone: Some("0912345678".parse().unwrap()),
        ..new.clone()
    };
    assert_eq!(town.register(&moved).await, id, "a loader brings up to date");
    let keyed = NewPerson {
        source_key: Some("canbo/lua".into()),
        ..NewPerson::named("Trần Văn Lúa")
    };
    assert_eq!(town.register(&keyed).await, town.register(&keyed).await);

    let clerk = town.desk("can.bo.mot.cua", &["clerk"]).await;
    let mut op = town.op(&clerk).await;
    let same = NewPerson {
        full_name: "LÊ THỊ SEN".into(),
        phone: None,
        ..new.clone()
    };
    assert_eq!(town.identity.register_person(&mut op, &same).await.unwrap(), id);
    let stored = town.identity.person(&mut op, id, FOR).await.unwrap();
    assert_eq!(stored.full_name, "Lê Thị Sen");
    assert!(
        stored.phone.is_some() && stored.synthetic,
        "the counter changes nothing"
    );
    for other in [
        NewPerson {
            full_name: "Võ Thị Lành".into(),
            ..new.clone()
        },
        NewPerson {
            birth_date: Some(day("1986-04-30")),
            ..new.clone()
        },
    ] {
        assert_eq!(
            code(town.identity.register_person(&mut op, &other).await),
            "identity.personal_number_taken"
        );
    }
    drop(op);
    let mut op = town.op(&Actor::Anonymous).await;
    assert_eq!(
        code(town.identity.register_person(&mut op, &new).await),
        "identity.not_allowed"
    );
}

#[tokio::test]
async fn names_contacts_and_account_numbers() {
    let town = Town::new().await;
    let sen = NewPerson {
        email: Some("sen@example.vn".into()),
        ..NewPerson::named("Lê Thị Sen")
    };
    let person = town.register(&sen).await;
    let account = town.account(person, "chi.sen").await;
    town.citizen("Võ Thị Lành", "chi.lanh").await;
    let (own, lanh) = (town.enter("chi.sen").await.actor, town.enter("chi.lanh").await.actor);
    let official = town.desk("chuyen.vien", &["specialist"]).await;

    let mut op = town.op(&official).await;
    let names = town.identity.names(&mut op, &[person, PersonId::new()]).await.unwrap();
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        [(person, "Lê Thị Sen".to_owned())]
    );
    assert_eq!(town.identity.account_of(&mut op, person).await.unwrap(), Some(account));
    assert_eq!(
        code(town.identity.contact(&mut op, account).await),
        "identity.person_not_found"
    );
    assert_eq!(
        code(town.identity.account(&mut op, account).await),
        "identity.not_allowed"
    );
    let mut op = town.op(&own).await;
    assert_eq!(
        town.identity.contact(&mut op, account).await.unwrap().email.as_deref(),
        Some("sen@example.vn")
    );
    assert_eq!(town.identity.account(&mut op, account).await.unwrap().login, "chi.sen");
    let mut op = town.op(&lanh).await;
    assert_eq!(
        code(town.identity.account_of(&mut op, person).await),
        "identity.person_not_found"
    );
    let mut op = town.loader().await;
    assert_eq!(town.identity.contact(&mut op, account).await.unwrap().person, person);
}
