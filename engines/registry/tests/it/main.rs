//! The façade against a real database.

mod api;
mod api_applications;
mod api_feed;
mod api_house;
mod api_writing;
mod bulk;
mod desk;
mod drafts;
mod duplicates;
mod export;
mod goods;
mod govstack;
mod hostile;
mod import;
mod import_again;
mod merge;
mod proposals;
mod publishing;
mod quality;
mod quality_large;
mod records;
mod sealed;
mod take_over;
mod town;
mod written;
