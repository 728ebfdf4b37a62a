//! The places that questions offer: the wards of this province, and the other provinces.

use forms::FieldView;
use identity::{Area, AreaLevel, Identity};
use kernel::{Result, local_date};
use op::Op;
use serde::Serialize;
use serde_json::{Value, json};
use web::Visit;

use crate::House;

/// The places that may be chosen on a page.
#[derive(Default, Serialize)]
pub(crate) struct Places {
    /// Districts with their wards; wards without a district stand under their province.
    districts: Vec<District>,
    /// The other provinces.
    provinces: Vec<Named>,
    /// The name of this province.
    home: String,
}

/// A district with its wards.
#[derive(Serialize)]
pub(crate) struct District {
    code: String,
    name: String,
    wards: Vec<Named>,
}

#[derive(Serialize)]
struct Named {
    code: String,
    name: String,
}

fn named(area: &Area) -> Named {
    Named {
        code: area.code.clone(),
        name: area.name.clone(),
    }
}

impl Places {
    /// A province that is divided, with everything below it.
    async fn add(&mut self, identity: &Identity, op: &mut Op, province: Area) -> Result<()> {
        let today = local_date(op.now());
        let below = identity.areas(op, Some(&province.code), today).await?;
        let wards = identity.wards_of(op, &province.code, today).await?;
        let inside = |parent: &str| -> Vec<Named> {
            let own = |ward: &&Area| ward.parent.as_deref() == Some(parent);
            wards.iter().filter(own).map(named).collect()
        };
        let districts = below.iter().filter(|area| area.level == AreaLevel::District);
        self.districts.extend(districts.map(|district| District {
            code: district.code.clone(),
            name: district.name.clone(),
            wards: inside(&district.code),
        }));
        // Wards directly under the province: since 2025-07-01 there are no districts between.
        let bare = inside(&province.code);
        if !bare.is_empty() {
            self.districts.push(District {
                code: String::new(),
                name: province.name.clone(),
                wards: bare,
            });
        }
        self.home = province.name;
        Ok(())
    }

    /// What the controls of a place show, from its parts.
    pub(crate) fn shown<T: AsRef<str> + Serialize>(&self, part: impl Fn(&'static str) -> T) -> Value {
        let (ward, province, place) = (part("ward"), part("province"), part("place"));
        let holds = |district: &&District| district.wards.iter().any(|known| known.code == ward.as_ref());
        let district = self.districts.iter().find(holds).map(|district| district.code.as_str());
        let chosen = part("where");
        let chosen = match chosen.as_ref() {
            "" if ward.as_ref().is_empty() && !(province.as_ref().is_empty() && place.as_ref().is_empty()) => "outside",
            chosen => chosen,
        };
        json!({
            "where": chosen, "district": district.unwrap_or_default(), "ward": ward, "province": province, "place": place,
            "detail": part("detail"),
        })
    }
}

/// The wards of today by district.
pub(crate) async fn districts(visit: &Visit<House>, op: &mut Op) -> Result<Vec<District>> {
    let identity = &visit.state.identity;
    let today = local_date(op.now());
    let mut places = Places::default();
    for province in identity.divided_provinces(op, today).await? {
        places.add(identity, op, province).await?;
    }
    Ok(places.districts)
}

/// What may be chosen on pages that ask for a place; nothing for the others.
pub(crate) async fn places_if_asked(visit: &Visit<House>, op: &mut Op, fields: &[FieldView]) -> Result<Places> {
    let mut places = Places::default();
    if !fields.iter().any(|field| matches!(field.kind, "area" | "address")) {
        return Ok(places);
    }
    let identity = &visit.state.identity;
    let today = local_date(op.now());
    let own = identity.divided_provinces(op, today).await?;
    let others = identity.areas(op, None, today).await?;
    let others = others
        .iter()
        .filter(|province| own.iter().all(|own| own.code != province.code));
    places.provinces = others.map(named).collect();
    for province in own {
        places.add(identity, op, province).await?;
    }
    Ok(places)
}
