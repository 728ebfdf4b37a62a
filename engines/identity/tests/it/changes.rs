//! Another name, another address, another login; and what somebody will hold.

use identity::{AccountState, NewPerson, PersonChange, Validity};
use kernel::PhoneNumber;

use crate::town::{HOME, PASSWORD, Town, day};

#[tokio::test]
async fn a_person_gets_another_name_and_address_and_keeps_the_rest() {
    let town = Town::new().await;
    let new = NewPerson {
        birth_date: Some(day("1980-02-03")),
        email: Some("sen@example.vn".into()),
        phone: PhoneNumber::parse("0912345678").ok(),
        ..NewPerson::named("Lê Thị Sen")
    };
    let person = town.register(&new).await;
    let change = |change: PersonChange| {
        let town = &town;
        async move {
            let mut op = town.loader().await;
            town.identity
                .change_person(&mut op, person, &change, "SCIM Nhân sự")
                .await
                .map_err(|fault| fault.code)?;
            op.commit().await.map_err(|fault| fault.code)
        }
    };
    let renamed = PersonChange {
        full_name: Some(" Le\u{302}  Thị Sen Hồng ".into()),
        phone: Some(None),
        email: None,
    };
    change(renamed).await.unwrap();
    let mut op = town.loader().await;
    let known = town.identity.person(&mut op, person, "").await.unwrap();
    assert_eq!((known.full_name.as_str(), known.phone), ("Lê Thị Sen Hồng", None));
    assert_eq!(known.email.as_deref(), Some("sen@example.vn"));
    assert_eq!(known.birth_date, Some(day("1980-02-03")));
    // Nothing said changes nothing, and is written down nowhere.
    change(PersonChange::default()).await.unwrap();
    let entries = "SELECT count(*) FROM op.audit_entry WHERE action = 'identity.person_changed'";
    assert_eq!(town.count(entries).await, 1);
    for wrong in [
        PersonChange {
            email: Some(Some("không phải địa chỉ".into())),
            ..PersonChange::default()
        },
        PersonChange {
            full_name: Some("123".into()),
            ..PersonChange::default()
        },
    ] {
        assert_eq!(change(wrong).await, Err("identity.malformed"));
    }
    let specialist = town.desk("chuyen.vien", &["specialist"]).await;
    let mut op = town.op(&specialist).await;
    let denied = town
        .identity
        .change_person(&mut op, person, &PersonChange::default(), "xem")
        .await;
    assert_eq!(denied.unwrap_err().code, "identity.not_allowed");
}

#[tokio::test]
async fn an_account_gets_another_login_and_its_owner_goes_on() {
    let town = Town::new().await;
    let account = town.citizen("Lê Thị Sen", "sen").await;
    town.citizen("Trần Văn Lúa", "lua").await;
    let signed = town.enter("sen").await;
    let rename = async |login: &str| {
        let mut op = town.loader().await;
        town.identity
            .rename_account(&mut op, account, login)
            .await
            .map_err(|fault| fault.code)?;
        op.commit().await.map_err(|fault| fault.code)
    };
    assert_eq!(rename("Lúa").await, Err("identity.login_taken"));
    assert_eq!(rename("x").await, Err("identity.login_malformed"));
    rename("Sen.Hồng").await.unwrap();
    assert!(town.actor(&signed.token).await.is_some());
    town.enter("sen.hong").await;
    assert_eq!(town.refused("sen", PASSWORD, HOME).await, "identity.wrong_credentials");
    let mut op = town.loader().await;
    let found = town
        .identity
        .account_by_login(&mut op, "SEN HỒNG".replace(' ', ".").as_str())
        .await
        .unwrap();
    assert_eq!(found.map(|found| found.id), Some(account));
    assert_eq!(town.identity.account_by_login(&mut op, "sen").await.unwrap(), None);
    let told = "SELECT count(*) FROM op.event WHERE kind = 'identity.login_changed'";
    assert_eq!(town.count(told).await, 1);
    town.identity
        .set_account_state(&mut op, account, AccountState::Closed)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(rename("sen.moi").await, Err("identity.account_closed"));
}

#[tokio::test]
async fn what_somebody_holds_and_will_hold_is_known() {
    let town = Town::new().await;
    let agency = town.agency("H30.29.01", "UBND phường mẫu").await;
    let (now, later, over) = (
        town.position(agency, "nay", &["clerk"]).await,
        town.position(agency, "mai", &["admin"]).await,
        town.position(agency, "qua", &["leader"]).await,
    );
    let person = town.person("Lê Thị Sen").await;
    town.hold(person, now, Validity::since(day("2024-01-01"))).await;
    town.hold(person, later, Validity::since(day("2027-01-01"))).await;
    let ended = Validity {
        from: day("2020-01-01"),
        to: Some(day("2023-12-31")),
    };
    town.hold(person, over, ended).await;
    let mut op = town.loader().await;
    let today = town.today();
    let held = town.identity.positions_from(&mut op, person, today).await.unwrap();
    let mut codes: Vec<&str> = held.iter().map(|held| held.code.as_str()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["mai", "nay"]);
    assert_eq!(town.identity.position(&mut op, later).await.unwrap().roles, ["admin"]);
    let missing = town.identity.position(&mut op, kernel::PositionId::new()).await;
    assert_eq!(missing.unwrap_err().code, "identity.position_not_found");
}
