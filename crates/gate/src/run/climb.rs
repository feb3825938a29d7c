//! The rungs in their order: another default, no mark that asks for a reboot, marks for others.

use std::sync::Arc;

use super::{Adapter, Moment, Work};
use crate::inputs::Inputs;
use crate::ledger::{Entry, Event};
use crate::look::Looked;
use crate::places::{BLOCK, HELD_BACK};
use crate::rungs::demote::{self, Menu};
use crate::rungs::withhold::{self, How};
use crate::rungs::{Act, block, start};
use crate::state::Held;
use crate::verdict::Worth;
use crate::words;

impl Work<'_> {
    /// The kernel that the next boot starts, after what was done here.
    pub(super) fn next(&self) -> Option<String> {
        match &self.holding.demotion {
            Some(demotion) => Some(demotion.instead.clone()),
            None => self.judged.next.clone(),
        }
    }

    /// Kernels that the host should not be started with. The one that runs is none: there is nothing to
    /// put in its place but older ones, and nobody asked for those.
    fn unworthy(&self) -> Vec<Worth> {
        let running = self.judged.running.as_deref();
        let all = self.judged.worths.iter().filter(|w| w.is_held());
        all.filter(|w| Some(w.kernel.as_str()) != running).cloned().collect()
    }

    /// Whether a later hook of the same transaction writes GRUB's menu.
    fn menu(&self) -> Menu {
        let later = matches!(self.ask.adapter, Adapter::Hook(Moment::KernelInstalled))
            && self.ground.is_there("etc/kernel/postinst.d/zz-update-grub");
        if later { Menu::WrittenLater } else { Menu::WriteNow }
    }

    pub(super) fn climb(&mut self) {
        let unworthy = if self.is_armed() { self.unworthy() } else { Vec::new() };
        if self.act {
            self.demote(&unworthy);
            self.keep();
        }
        let next = self.next();
        let bad = self.worth(next.as_deref()).filter(|worth| worth.is_held()).cloned();
        self.blocked = self.is_armed() && bad.is_some();
        if !self.act {
            return;
        }
        let why = bad.filter(|_| self.blocked).map(|worth| {
            let said = words::why(&worth);
            words::paragraph(&format!(
                "A reboot would start kernel {}, which is not loadworthy: {said} See: loadworthy gate status.",
                worth.kernel
            ))
        });
        let held = self.held_back();
        let acts = [
            block::mark(&self.ground, HELD_BACK, held.as_deref()),
            block::mark(&self.ground, BLOCK, why.as_deref()),
            match (&why, &held) {
                (Some(why), _) => withhold::withhold(&self.ground, How::All, why),
                (None, Some(held)) => {
                    let kernels: Vec<String> =
                        self.holding.kernels.iter().map(|h| h.kernel.clone()).collect();
                    withhold::withhold(&self.ground, How::Kernels(&kernels), held)
                }
                (None, None) => withhold::release(&self.ground),
            },
        ];
        self.acts.extend(acts.into_iter().flatten());
    }

    /// Which kernels are held back, for people.
    fn held_back(&self) -> Option<String> {
        let mut text = String::new();
        for held in &self.holding.kernels {
            let worth = self.worth(Some(&held.kernel));
            let why = worth.map(words::why).unwrap_or_default();
            let line = format!("Kernel {} is held back since {}: {why}", held.kernel, held.since);
            text.push_str(&words::paragraph(&line));
        }
        (!text.is_empty()).then_some(text)
    }

    /// Rung two. What is no longer unworthy is promoted; what is new is held back.
    fn demote(&mut self, unworthy: &[Worth]) {
        let before = self.holding.clone();
        for held in &before.kernels {
            if !unworthy.iter().any(|w| w.kernel == held.kernel) {
                self.promote(held);
            }
        }
        if unworthy.is_empty() {
            if let Some(demotion) = self.holding.demotion.take() {
                let instead = demotion.instead.clone();
                let undone = demote::undo(&self.ground, &demotion.how, self.menu());
                self.look_again();
                match undone {
                    Ok(()) => self.acts.push(Act::done(
                        "demote",
                        format!("{instead} is no longer fixed as the default"),
                    )),
                    Err(said) => self.acts.push(Act::failed("demote", said)),
                }
            }
            return;
        }
        for worth in unworthy {
            self.hold(worth);
        }
        // In a transaction the new kernel becomes the default with the menu that is written last.
        let arriving = self.ask.kernel.as_deref().filter(|_| self.ask.adapter.brings_kernel());
        let starts = |w: &Worth| {
            self.judged.next.as_deref() == Some(&w.kernel) || arriving == Some(w.kernel.as_str())
        };
        let stands = self.holding.demotion.as_ref().is_some_and(|d| {
            !unworthy.iter().any(|w| w.kernel == d.instead)
                && self.judged.next.as_ref() == Some(&d.instead)
        });
        if stands || !unworthy.iter().any(starts) {
            return;
        }
        match self.make_default(unworthy) {
            Ok(instead) => {
                self.acts.push(Act::done("demote", format!("{instead} is the default")));
            }
            Err(said) => self.acts.push(Act::failed("demote", said)),
        }
    }

    /// What starts next is read anew after the boot loader's files were changed.
    fn look_again(&mut self) {
        let looked = Looked::open(&self.ask.question, &Arc::new(Inputs::default()));
        let Ok(looked) = looked else { return };
        self.judged.next.clone_from(&looked.next);
        if let Some(next) = &looked.next
            && self.worth(Some(next)).is_none()
            && let Ok(worth) = looked.worth(next)
        {
            self.judged.worths.push(worth);
        }
        self.looked = Some(looked);
    }

    /// Makes the first kernel the default that is seen to be a way back.
    fn make_default(&mut self, unworthy: &[Worth]) -> Result<String, String> {
        let menu = self.menu();
        if self.looked.is_none() {
            let looked = Looked::open(&self.ask.question, &Arc::new(Inputs::default()));
            self.looked = Some(looked.map_err(|trouble| trouble.to_string())?);
        }
        let Some(looked) = &self.looked else {
            return Err("the host was not looked at".to_owned());
        };
        let mut candidates: Vec<String> = looked.running.clone().into_iter().collect();
        candidates.extend(looked.installed.clone());
        candidates.retain(|kernel| {
            looked.installed.contains(kernel) && !unworthy.iter().any(|w| w.kernel == *kernel)
        });
        let mut said = "no other kernel is installed".to_owned();
        let mut found = None;
        for kernel in candidates {
            match looked.worth(&kernel) {
                Ok(worth) if worth.is_good() => {
                    found = Some(worth);
                    break;
                }
                Ok(worth) => {
                    said = format!("kernel {kernel} is no way back: {}", words::why(&worth));
                }
                Err(trouble) => said = format!("kernel {kernel}: {trouble}"),
            }
        }
        let Some(worth) = found else { return Err(said) };
        // A demotion that has no effect any more is made anew.
        if let Some(old) = self.holding.demotion.take() {
            let _ = demote::undo(&self.ground, &old.how, Menu::WrittenLater);
        }
        let demotion = demote::plan(&self.ground, looked, &worth.kernel)?;
        let how = demotion.how.clone();
        // What takes it back is written down before anything is changed.
        self.holding.demotion = Some(demotion);
        if let Err(error) = self.holding.keep(&self.ground) {
            self.holding.demotion = None;
            return Err(format!("the way to undo it cannot be written down: {error}"));
        }
        let mut done = demote::apply(&self.ground, &how, menu);
        if done.is_ok() && menu == Menu::WriteNow {
            let again = Looked::open(&self.ask.question, &Arc::new(Inputs::default()));
            let next = again.ok().and_then(|again| again.next);
            if next.as_ref() != Some(&worth.kernel) {
                let next = next.unwrap_or_else(|| "another kernel".to_owned());
                done = Err(format!("{next} would start all the same"));
            }
        }
        if let Err(said) = done {
            let _ = demote::undo(&self.ground, &how, menu);
            self.holding.demotion = None;
            return Err(said);
        }
        let instead = worth.kernel.clone();
        if self.worth(Some(&instead)).is_none() {
            self.judged.worths.push(worth);
        }
        Ok(instead)
    }

    fn hold(&mut self, worth: &Worth) {
        let without_entry = matches!(self.ask.adapter, Adapter::KernelInstall)
            && self.ask.kernel.as_deref() == Some(&worth.kernel);
        let since = self.at().to_owned();
        let (codes, pending) = (worth.codes(), worth.pending.clone());
        match self.holding.kernels.iter_mut().find(|h| h.kernel == worth.kernel) {
            Some(held) => {
                held.codes = codes;
                held.pending = pending;
                held.without_entry |= without_entry;
            }
            None => {
                self.holding.kernels.push(Held {
                    kernel: worth.kernel.clone(),
                    since,
                    codes: codes.clone(),
                    pending,
                    without_entry,
                    image: self.ask.image.clone().filter(|_| without_entry),
                });
                self.append(Entry {
                    kernel: Some(worth.kernel.clone()),
                    codes,
                    ..Entry::new(Event::Held)
                });
            }
        }
    }

    fn promote(&mut self, held: &Held) {
        self.holding.kernels.retain(|h| h.kernel != held.kernel);
        self.append(Entry { kernel: Some(held.kernel.clone()), ..Entry::new(Event::Promoted) });
        if held.without_entry
            && let Some(image) = &held.image
        {
            let did = format!("the entry of {} is written", held.kernel);
            self.acts.push(
                match start(&self.ground, "kernel-install", &["add", &held.kernel, image]) {
                    Ok(()) => Act::done("demote", did),
                    Err(said) => Act::failed("demote", said),
                },
            );
        }
    }

    fn keep(&mut self) {
        if let Err(error) = self.holding.keep(&self.ground) {
            self.troubles.push(format!("what is held back cannot be written down: {error}"));
        }
    }
}
