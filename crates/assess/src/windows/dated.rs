//! Tables that were not renewed for a year, where a verdict rests on them.

use loadworthy_core::answer::Note;
use loadworthy_core::codes::WINDOWS_TABLE_OLD;
use loadworthy_core::fact::Fact;
use loadworthy_core::fact::step::Step;
use loadworthy_core::policy::windows::WindowsPolicy;
use loadworthy_core::profile::Profile;
use loadworthy_core::proof::windows::WindowsClaim;
use loadworthy_core::proof::{Claim, Row, Rule, Standing, text};
use loadworthy_core::tables::Tables;

/// So long a table is taken for current, in seconds: a year.
const CURRENT: i64 = 366 * 86_400;

/// What is to be told of old tables about these platforms.
#[must_use]
pub fn notes(profiles: &[Profile], tables: &Tables) -> Vec<Note> {
    let list = tables.block_rules.read();
    let mut notes = Vec::new();
    let at = profiles.iter().map(|p| p.facts.at).max().unwrap_or_default();
    notes.extend(old("Microsoft's root list", "roots.tsv", tables.authorities.day(), at));
    if profiles.iter().any(rests_on_published_list)
        && let Ok(list) = list
    {
        let table = "the published list of vulnerable drivers";
        notes.extend(old(table, "block_rules.tsv", list.day, at));
    }
    notes
}

fn rests_on_published_list(on: &Profile) -> bool {
    static RULE: Rule = Rule { name: "windows/list-of", source: "the profile" };
    let is_on = |policy: &WindowsPolicy<'_>| {
        Step::of(&RULE).consult(&policy.block_list_on).is_ok_and(|on| *on)
    };
    on.version.load && on.facts.stands_for_list.is_some() && is_on(&WindowsPolicy::of(&on.facts))
}

fn old(table: &'static str, file: &str, day: &str, at: i64) -> Option<Note> {
    static RULE: Rule =
        Rule { name: "windows/table-of-a-day", source: "lists of Microsoft change by the month" };
    if super::time(&format!("{day}T00:00:00")).saturating_add(CURRENT) >= at {
        return None;
    }
    let row = Row {
        id: text(format!("windows/{file}")),
        source: text(format!("{table} of {day}")),
        standing: Standing::Documented,
    };
    let mut step = Step::of(&RULE);
    step.consult(&Fact::listed((), row)).ok()?;
    let claim = Claim::Windows(WindowsClaim::TableOld { table, day: text(day) });
    Some(Note::new(&WINDOWS_TABLE_OLD, step.concludes(claim)))
}
