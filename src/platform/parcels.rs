//! Parcels of terminals in a folder: read, answered, and the answers written beside them.

use std::path::Path;

use super::service::{Carried, Platform, ServiceError};
use crate::{
    carriage::{self, CarriageError},
    domain::sync::{Parcel, ParcelKind, ParcelName},
};

/// What came of one parcel, by its name.
pub type Answered = (ParcelName, Result<Carried, CarriageError>);

/// Answers all parcels that terminals left in a folder. One that is damaged keeps no other one from being answered.
///
/// The entries of all are taken in before anything is answered, so that every answer knows of them.
pub fn answer_all(platform: &Platform, folder: &Path) -> Result<Vec<Answered>, ParcelsError> {
    let mut names = carriage::names(folder, ParcelKind::Requests, |_name| true)?;
    names.sort_by_key(|name| (name.day, *name));
    let mut entries = Vec::new();
    for name in &names {
        let taken = with_messages(folder, name, |messages| platform.carry_entries(name, messages))?;
        entries.push(taken.map_or(0, |carried| carried.entries));
    }
    let mut answered = Vec::new();
    for (name, new) in names.into_iter().zip(entries) {
        let carried = with_messages(folder, &name, |messages| platform.carry(&name, messages))?;
        let carried = carried.map(|carried| Carried { entries: new, ..carried });
        answered.push((name, carried.and_then(|carried| write(folder, &name, carried))));
    }
    Ok(answered)
}

fn with_messages(
    folder: &Path,
    name: &ParcelName,
    work: impl FnOnce(&[&[u8]]) -> Result<Carried, ServiceError>,
) -> Result<Result<Carried, CarriageError>, ServiceError> {
    let bytes = match carriage::read(folder, name) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Err(error)),
    };
    match Parcel::messages(ParcelKind::Requests, &bytes) {
        Ok(messages) => work(&messages).map(Ok),
        Err(source) => Ok(Err(CarriageError::Parcel { name: name.to_string(), source })),
    }
}

fn write(folder: &Path, name: &ParcelName, carried: Carried) -> Result<Carried, CarriageError> {
    if let Some(answer) = &carried.answer {
        carriage::write(folder, &name.answer(), answer)?;
    }
    Ok(carried)
}

/// Why parcels were not answered.
#[derive(Debug, thiserror::Error)]
pub enum ParcelsError {
    /// The folder cannot be read.
    #[error(transparent)]
    Carriage(#[from] CarriageError),
    /// The platform failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
}
