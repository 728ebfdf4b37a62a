//! What stands on the desks today: told one by one, so that every list that a visitor opens has something in it.

use kernel::Result;

use super::answers;
use super::cast::{Office, Someone};
use super::plan::{BIRTH, EXTRACT, Planner, SHOP};
use super::tale::{Crew, Tale};

/// The ward whose officials have accounts in the demonstration, and the city above it.
pub(super) const WARD: &str = "31340";
pub(super) const WARD_OFFICE: &str = "X31340";
pub(super) const CITY: &str = "TPNB";
/// The ward of the second citizen.
const NEXT_WARD: &str = "31341";

/// How far a dossier of civil status has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    New,
    SupplementAsked,
    Supplied,
    Received,
    Claimed,
    Late,
    Apologised,
    Proposed,
    RefusalProposed,
    SentBack,
    Issued,
    NotReceived,
    Stopped,
    Withdrawn,
}

/// Tells a case of civil status up to where it stands.
fn civil(tale: &mut Tale<'_>, stand: Stand) -> Result<()> {
    let stage = tale.stage;
    let words = stage.words(tale.app);
    let moments = &stage.moments;
    // What is received on the last day after 15:00 is due the next working day.
    let (hour, minute) = (14, 48 + tale.dice.between(0, 8));
    let afternoon = moments.clock(moments.last_day, hour, minute, &mut tale.dice);
    let morning = |days: i64, tale: &mut Tale<'_>| {
        let minute = tale.dice.between(2, 40);
        moments.clock(moments.days_before(days), 8, minute, &mut tale.dice)
    };
    let quick = (16, 24);
    match stand {
        Stand::New => {
            let at = moments.last_evening(&mut tale.dice);
            tale.hand_in(at, None);
        }
        Stand::SupplementAsked | Stand::Supplied => {
            let days = if stand == Stand::Supplied { 1 } else { 2 };
            let at = morning(days, tale);
            tale.hand_in(at, words.at_reception.answer.as_deref());
            tale.ask((20, 60), "receive", &words.at_reception);
            if stand == Stand::Supplied {
                let brought = moments.last_evening(&mut tale.dice);
                tale.supply(brought, &words.at_reception);
            }
        }
        Stand::Late | Stand::Apologised => {
            let at = morning(if stand == Stand::Late { 0 } else { 2 }, tale);
            tale.hand_in(at, None);
            tale.accept((10, 30))?;
            tale.becomes_late();
            if stand == Stand::Apologised {
                tale.apologise(2);
            }
        }
        Stand::NotReceived => {
            let at = morning(2, tale);
            tale.hand_in(at, None);
            tale.refuse((15, 60), "receive", &words.turned_away);
        }
        Stand::Stopped => {
            let at = morning(3, tale);
            tale.hand_in(at, None);
            tale.accept((10, 30))?;
            tale.propose_refusal((30, 60));
            tale.refuse((20, 60), "approve", &words.refusal);
        }
        Stand::Withdrawn => {
            let at = morning(4, tale);
            tale.hand_in(at, None);
            tale.withdraw((5, 40));
        }
        Stand::Received | Stand::Claimed | Stand::Proposed | Stand::RefusalProposed | Stand::SentBack => {
            tale.hand_in(afternoon, None);
            tale.accept(quick)?;
            let pause = (8, 14);
            match stand {
                Stand::Claimed => tale.claim(pause, "check"),
                Stand::RefusalProposed => tale.propose_refusal(pause),
                Stand::Proposed | Stand::SentBack => tale.propose(pause, "check", ""),
                _ => {}
            }
            if stand == Stand::SentBack {
                tale.send_back(pause);
            }
        }
        Stand::Issued => {
            let at = morning(0, tale);
            tale.hand_in(at, None);
            tale.accept((10, 30))?;
            tale.propose((30, 90), "check", "");
            tale.approve((20, 90));
        }
    }
    Ok(())
}

/// The desks of the ward: for the clerk, both justice officers and the chair.
pub(super) fn ward(planner: &mut Planner<'_>, office: &Office) -> Result<()> {
    let stands = [
        (EXTRACT, Stand::New, true),
        (BIRTH, Stand::New, true),
        (EXTRACT, Stand::New, true),
        (EXTRACT, Stand::Supplied, true),
        (BIRTH, Stand::SupplementAsked, true),
        (EXTRACT, Stand::Received, false),
        (BIRTH, Stand::Received, true),
        (EXTRACT, Stand::Late, true),
        (BIRTH, Stand::Apologised, true),
        (EXTRACT, Stand::SentBack, true),
        (BIRTH, Stand::Proposed, true),
        (EXTRACT, Stand::Proposed, false),
        (EXTRACT, Stand::RefusalProposed, true),
        (BIRTH, Stand::Issued, true),
        (EXTRACT, Stand::Issued, false),
        (EXTRACT, Stand::Issued, true),
        (EXTRACT, Stand::NotReceived, true),
        (BIRTH, Stand::Stopped, true),
        (EXTRACT, Stand::Withdrawn, true),
    ];
    let today = planner.stage.moments.last_day;
    for (app, stand, online) in stands {
        let mut tale = planner.civil(app, office, today)?;
        tale.online = online;
        civil(&mut tale, stand)?;
        planner.keep(&office.code, tale);
    }
    for colleague in ["tuphap.ngabay", "tuphap2.ngabay"] {
        let mut tale = planner.civil(EXTRACT, office, today)?;
        tale.crew.specialist = planner.stage.cast.named(colleague)?.key();
        civil(&mut tale, Stand::Claimed)?;
        planner.keep(&office.code, tale);
    }
    Ok(())
}

/// How far a shop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ShopStand {
    New,
    Payment,
    SupplementAsked,
    /// With the city's office and the ward at the same time; received so many working days before the last one.
    Received(i64),
    Confirmed,
    Apologised,
    Proposed,
    SentBack,
    Issued,
}

fn shop(tale: &mut Tale<'_>, stand: ShopStand) -> Result<()> {
    let stage = tale.stage;
    let words = stage.words(tale.app);
    let moments = &stage.moments;
    let days = match stand {
        ShopStand::New => {
            let at = moments.last_evening(&mut tale.dice);
            tale.hand_in(at, None);
            return Ok(());
        }
        ShopStand::Received(days) => days,
        ShopStand::Payment => 0,
        ShopStand::SupplementAsked | ShopStand::Proposed | ShopStand::SentBack => 1,
        ShopStand::Confirmed | ShopStand::Issued => 2,
        ShopStand::Apologised => 5,
    };
    let minute = tale.dice.between(2, 50);
    let at = moments.clock(moments.days_before(days), 8, minute, &mut tale.dice);
    tale.hand_in(at, None);
    if stand == ShopStand::Payment {
        tale.accept((10, 40))?;
        tale.wait();
        return Ok(());
    }
    tale.pay((10, 40), "registration");
    tale.accept((2, 9))?;
    if matches!(stand, ShopStand::Received(_)) {
        return Ok(());
    }
    tale.confirm((40, 120));
    match stand {
        ShopStand::SupplementAsked => tale.ask((30, 90), "check", &words.at_check),
        ShopStand::Proposed => tale.propose((30, 90), "check", ""),
        ShopStand::SentBack => {
            tale.propose((30, 90), "check", "");
            tale.send_back((20, 60));
        }
        ShopStand::Issued => {
            tale.propose((60, 200), "check", "");
            tale.approve((60, 200));
        }
        ShopStand::Apologised => {
            tale.becomes_late();
            tale.apologise(3);
        }
        _ => {}
    }
    Ok(())
}

/// The desks of the city: for the counter, the finance division and its head, and the wards asked about the place.
pub(super) fn city(planner: &mut Planner<'_>) -> Result<()> {
    let stands = [
        ShopStand::New,
        ShopStand::New,
        ShopStand::Payment,
        ShopStand::Payment,
        ShopStand::Received(2),
        ShopStand::Received(0),
        ShopStand::Confirmed,
        ShopStand::Apologised,
        ShopStand::Proposed,
        ShopStand::SentBack,
        ShopStand::Issued,
    ];
    let stage = planner.stage;
    let today = stage.moments.last_day;
    let district = stage.district(CITY)?;
    for (number, stand) in stands.into_iter().enumerate() {
        let mut tale = match stand {
            // The ward that visitors know is asked about two of them.
            ShopStand::Received(_) => {
                let who = planner.resident(SHOP, WARD, today);
                let who = who.ok_or_else(|| super::nobody(CITY))?;
                planner.shop_of(who, district, stage.cast.commune_of(WARD)?)?
            }
            _ => planner.shop(district, today)?,
        };
        tale.online = number % 3 != 2 || stand == ShopStand::New;
        shop(&mut tale, stand)?;
        planner.keep(CITY, tale);
    }
    Ok(())
}

/// One that is running in another commune.
pub(super) fn elsewhere(planner: &mut Planner<'_>, office: &Office, number: usize) -> Result<()> {
    let stands = [
        (EXTRACT, Stand::New),
        (EXTRACT, Stand::Received),
        (BIRTH, Stand::Issued),
        (EXTRACT, Stand::Proposed),
        (BIRTH, Stand::SupplementAsked),
        (EXTRACT, Stand::Late),
    ];
    let (app, stand) = stands[number % stands.len()];
    let today = planner.stage.moments.last_day;
    let mut tale = planner.civil(app, office, today)?;
    civil(&mut tale, stand)?;
    planner.keep(&office.code, tale);
    Ok(())
}

/// The dossiers of the two citizens with accounts.
pub(super) fn named_people(planner: &mut Planner<'_>) -> Result<()> {
    let stage = planner.stage;
    let (first, second) = (stage.cast.named("congdan")?, stage.cast.named("congdan2")?);
    let city = stage.district(CITY)?;
    let ward = stage.cast.commune_of(WARD)?;
    whole(planner, EXTRACT, first, 84, true)?;
    whole(planner, BIRTH, first, 53, true)?;
    for stand in [Stand::Stopped, Stand::Issued, Stand::Proposed, Stand::New] {
        let mut tale = own_extract(planner, first, WARD_OFFICE)?;
        civil(&mut tale, stand)?;
        planner.keep(WARD_OFFICE, tale);
    }
    let mut tale = planner.shop_of(first, city, ward)?;
    shop(&mut tale, ShopStand::SupplementAsked)?;
    planner.keep(CITY, tale);
    let mut tale = planner.shop_of(first, city, ward)?;
    let at = stage.moments.online(&mut tale.dice, stage.moments.share_back(33));
    tale.hand_in(at, None);
    tale.withdraw((5, 40));
    planner.keep(CITY, tale);

    whole(planner, EXTRACT, second, 61, false)?;
    let next = stage.cast.commune_of(NEXT_WARD)?;
    for stand in [Stand::Received, Stand::SupplementAsked] {
        let mut tale = own_extract(planner, second, &next.code)?;
        civil(&mut tale, stand)?;
        planner.keep(&next.code, tale);
    }
    Ok(())
}

fn own_extract<'a>(planner: &mut Planner<'a>, who: &'a Someone, office: &str) -> Result<Tale<'a>> {
    let stage = planner.stage;
    let filled = answers::extract(&stage.cast, &mut planner.dice, who, stage.moments.last_day);
    let crew: Crew = planner.commune(office)?;
    planner.tale(EXTRACT, who, filled, crew)
}

/// A case from the hand-in to the rating, so far back in percent of the span.
fn whole<'a>(planner: &mut Planner<'a>, app: &str, who: &'a Someone, back: u32, asked: bool) -> Result<()> {
    let stage = planner.stage;
    let day = stage.moments.share_back(back);
    let office = stage.cast.commune_of(&who.ward)?;
    let filled = if app == BIRTH {
        answers::birth(&stage.cast, &stage.file, &mut planner.dice, who, day)
    } else {
        answers::extract(&stage.cast, &mut planner.dice, who, day)
    };
    let crew = planner.commune(&office.code)?;
    let mut tale = planner.tale(app, who, filled, crew)?;
    let words = stage.words(tale.app);
    let at = stage.moments.clock(day, 7, 20, &mut tale.dice);
    let missing = Some(&words.at_reception)
        .filter(|missing| asked && missing.paper.as_ref().is_none_or(|paper| tale.has_paper(paper)));
    tale.hand_in(at, missing.and_then(|missing| missing.answer.as_deref()));
    if let Some(missing) = missing {
        tale.ask((20, 50), "receive", missing);
        let brought = tale.now() + chrono::TimeDelta::minutes(tale.dice.between(60, 600));
        tale.supply(brought, missing);
    }
    tale.accept((20, 60))?;
    tale.propose((20, 40), "check", "");
    tale.approve((10, 30));
    tale.hand_over((60, 300));
    tale.rate_with("5");
    planner.keep(&office.code, tale);
    Ok(())
}
