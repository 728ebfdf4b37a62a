use identity::{AgencyFilter, AgencyLevel, Area, AreaLevel, Validity};
use kernel::Actor;

use crate::town::{Town, agency, code, day};

fn area(code: &str, level: AreaLevel, parent: Option<&str>, name: &str, from: &str, to: Option<&str>) -> Area {
    Area {
        code: code.into(),
        level,
        parent: parent.map(str::to_owned),
        name: name.into(),
        validity: Validity {
            from: day(from),
            to: to.map(day),
        },
    }
}

/// Both pictures of the country: three levels until 2025-06-30, two since.
async fn country(town: &Town) {
    use AreaLevel::{District, Province, Ward};
    let end = Some("2025-06-30");
    let mut op = town.loader().await;
    for area in [
        area("93", Province, None, "Tỉnh Hậu Giang", "2004-01-01", end),
        area("92", Province, None, "Thành phố Cần Thơ", "2004-01-01", None),
        area("930", District, Some("93"), "Thành phố Vị Thanh", "2004-01-01", end),
        area("931", District, Some("93"), "Thành phố Ngã Bảy", "2004-01-01", end),
        area("31321", Ward, Some("930"), "Phường III", "2004-01-01", end),
        area("31318", Ward, Some("930"), "Phường I", "2004-01-01", end),
        area("31340", Ward, Some("931"), "Phường Ngã Bảy", "2004-01-01", end),
        area("31321", Ward, Some("92"), "Phường Vị Thanh", "2025-07-01", None),
        area("31340", Ward, Some("92"), "Phường Ngã Bảy", "2025-07-01", None),
    ] {
        town.identity.upsert_area(&mut op, &area).await.unwrap();
        town.identity.upsert_area(&mut op, &area).await.unwrap();
    }
    op.commit().await.unwrap();
}

#[tokio::test]
async fn a_code_means_what_it_meant_on_the_day() {
    let town = Town::new().await;
    country(&town).await;
    assert_eq!(town.count("SELECT count(*) FROM identity.area").await, 9);
    let mut op = town.op(&Actor::Anonymous).await;
    let identity = &town.identity;
    assert_eq!(
        identity.area(&mut op, "31321", day("2025-06-30")).await.unwrap().name,
        "Phường III"
    );
    assert_eq!(
        identity.area(&mut op, "31321", day("2025-07-01")).await.unwrap().name,
        "Phường Vị Thanh"
    );
    assert_eq!(
        code(identity.area(&mut op, "930", day("2026-01-01")).await),
        "identity.area_not_found"
    );
    assert_eq!(
        code(identity.area(&mut op, "31321", day("1999-01-01")).await),
        "identity.area_not_found"
    );

    let names = |areas: Vec<Area>| areas.into_iter().map(|area| area.name).collect::<Vec<_>>();
    let (then, now) = (day("2025-01-01"), day("2026-01-01"));
    assert_eq!(
        names(identity.areas(&mut op, None, then).await.unwrap()),
        ["Thành phố Cần Thơ", "Tỉnh Hậu Giang"]
    );
    assert_eq!(
        names(identity.divided_provinces(&mut op, then).await.unwrap()),
        ["Tỉnh Hậu Giang"]
    );
    assert_eq!(
        names(identity.divided_provinces(&mut op, now).await.unwrap()),
        ["Thành phố Cần Thơ"]
    );
    assert_eq!(
        names(identity.areas(&mut op, Some("93"), then).await.unwrap()),
        ["Thành phố Ngã Bảy", "Thành phố Vị Thanh"]
    );
    assert_eq!(
        names(identity.wards_of(&mut op, "93", then).await.unwrap()),
        ["Phường I", "Phường III", "Phường Ngã Bảy"]
    );
    assert_eq!(
        names(identity.wards_of(&mut op, "930", then).await.unwrap()),
        ["Phường I", "Phường III"]
    );
    assert_eq!(
        names(identity.wards_of(&mut op, "92", now).await.unwrap()),
        ["Phường Ngã Bảy", "Phường Vị Thanh"]
    );
    assert!(identity.wards_of(&mut op, "93", now).await.unwrap().is_empty());
    assert_eq!(
        names(identity.area_path(&mut op, "31340", then).await.unwrap()),
        ["Phường Ngã Bảy", "Thành phố Ngã Bảy", "Tỉnh Hậu Giang"]
    );
    assert_eq!(
        names(identity.area_path(&mut op, "31340", now).await.unwrap()),
        ["Phường Ngã Bảy", "Thành phố Cần Thơ"]
    );
}

#[tokio::test]
async fn a_code_does_not_mean_two_things_on_one_day() {
    let town = Town::new().await;
    country(&town).await;
    let mut op = town.loader().await;
    let overlapping = area(
        "31321",
        AreaLevel::Ward,
        Some("930"),
        "Phường III",
        "2025-06-01",
        Some("2025-07-01"),
    );
    assert_eq!(
        code(town.identity.upsert_area(&mut op, &overlapping).await),
        "identity.overlap"
    );
    drop(op);
    let clerk = town.desk("can.bo", &["clerk"]).await;
    let mut op = town.op(&clerk).await;
    assert_eq!(
        code(town.identity.upsert_area(&mut op, &overlapping).await),
        "identity.not_allowed"
    );
}

// shows: R048
#[tokio::test]
async fn agencies_are_found_by_either_form_of_their_code() {
    let town = Town::new().await;
    let province = town.agency("H30", "UBND tỉnh Hậu Giang").await;
    let mut op = town.loader().await;
    let mut ward = agency("H30.29.01", "  UBND  phường Ngã Bảy ");
    ward.parent = Some("000.00.00.H30".parse().unwrap());
    let id = town.identity.upsert_agency(&mut op, &ward).await.unwrap();
    ward.name = "Ủy ban nhân dân phường Ngã Bảy".into();
    ward.phone = "0293 3866 000".into();
    assert_eq!(
        town.identity.upsert_agency(&mut op, &ward).await.unwrap(),
        id,
        "the same code, the same agency"
    );
    for written in ["H30.29.01", "000.01.29.H30", " h30.29.01.000 "] {
        let found = town.identity.agency_by_code(&mut op, written).await.unwrap();
        assert_eq!((found.id, found.parent), (id, Some(province)), "{written}");
        assert_eq!(found.name, "Ủy ban nhân dân phường Ngã Bảy");
        assert_eq!(found.old_code.as_deref(), Some("000.01.29.H30"));
    }
    for written in ["H30.29.02", "không phải mã", ""] {
        assert_eq!(
            code(town.identity.agency_by_code(&mut op, written).await),
            "identity.agency_not_found"
        );
    }
    let mut orphan = agency("H30.29.09", "UBND phường khác");
    orphan.parent = Some("H31".parse().unwrap());
    assert_eq!(
        code(town.identity.upsert_agency(&mut op, &orphan).await),
        "identity.agency_not_found"
    );
    orphan.parent = Some(orphan.code.clone());
    assert_eq!(
        code(town.identity.upsert_agency(&mut op, &orphan).await),
        "identity.malformed"
    );
}

#[tokio::test]
async fn a_code_on_an_old_paper_is_still_understood() {
    let town = Town::new().await;
    let mut op = town.loader().await;
    let mut old = agency("H30.29.01", "UBND phường Ngã Bảy (cũ)");
    old.validity.to = Some(day("2025-06-30"));
    let id = town.identity.upsert_agency(&mut op, &old).await.unwrap();
    assert_eq!(town.identity.agency_by_code(&mut op, "H30.29.01").await.unwrap().id, id);
    assert!(
        town.identity
            .agencies(&mut op, &AgencyFilter::default())
            .await
            .unwrap()
            .is_empty(),
        "but it is gone"
    );
    let mut new = agency("H30.29.01", "UBND phường Ngã Bảy");
    new.validity = Validity::since(day("2025-07-01"));
    let successor = town.identity.upsert_agency(&mut op, &new).await.unwrap();
    assert_ne!(successor, id);
    assert_eq!(
        town.identity.agency_by_code(&mut op, "H30.29.01").await.unwrap().id,
        successor
    );
    // A load that would make one agency of two is refused.
    let spanning = agency("H30.29.01", "UBND phường Ngã Bảy");
    assert_eq!(
        code(town.identity.upsert_agency(&mut op, &spanning).await),
        "identity.overlap"
    );
}

#[tokio::test]
async fn agencies_are_found_by_level_and_kind() {
    let town = Town::new().await;
    let mut op = town.loader().await;
    for area in [
        area("93", AreaLevel::Province, None, "Tỉnh Hậu Giang", "2004-01-01", None),
        area(
            "931",
            AreaLevel::District,
            Some("93"),
            "Thành phố Ngã Bảy",
            "2004-01-01",
            None,
        ),
        area(
            "31340",
            AreaLevel::Ward,
            Some("931"),
            "Phường Ngã Bảy",
            "2004-01-01",
            None,
        ),
        area(
            "31341",
            AreaLevel::Ward,
            Some("931"),
            "Phường Lái Hiếu",
            "2004-01-01",
            None,
        ),
    ] {
        town.identity.upsert_area(&mut op, &area).await.unwrap();
    }
    for (code, name, level, kind, place) in [
        ("H30", "UBND tỉnh", AgencyLevel::Province, "peoples_committee", "93"),
        ("H30.10", "Sở Tư pháp", AgencyLevel::Department, "justice", "93"),
        (
            "H30.29",
            "UBND thành phố",
            AgencyLevel::District,
            "peoples_committee",
            "931",
        ),
        (
            "H30.29.01",
            "UBND phường",
            AgencyLevel::Commune,
            "peoples_committee",
            "31340",
        ),
    ] {
        let mut new = agency(code, name);
        (new.level, new.kind, new.area_code) = (level, kind.into(), Some(place.into()));
        town.identity.upsert_agency(&mut op, &new).await.unwrap();
    }
    let filter = AgencyFilter {
        level: Some(AgencyLevel::Department),
        kind: Some("justice".into()),
        ..AgencyFilter::default()
    };
    let found = town.identity.agencies(&mut op, &filter).await.unwrap();
    assert_eq!(
        found.iter().map(|agency| agency.name.as_str()).collect::<Vec<_>>(),
        ["Sở Tư pháp"]
    );
}
