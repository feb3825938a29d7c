//! Menus of scripts in the shapes that `grub-mkconfig` of several distributions writes.

use super::choices::{Choice, Leads, Menu};
use super::environment::Environment;
use super::menu::{Block, Given, menu};
use super::script;
use super::snippets::{Snippet, sort};
use crate::boot::entry;
use crate::limits::Limits;

const HEADER: &str = r#"
if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="${saved_entry}"
fi

if [ x"${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
else
  menuentry_id_option=""
fi
export menuentry_id_option
function load_video {
  if [ x$feature_all_video_module = xy ]; then
    insmod all_video
  else
    insmod efi_gop
  fi
}
if loadfont unicode ; then
  set gfxmode=auto
  terminal_output gfxterm
fi
"#;

const DEBIAN: &str = r#"
function gfxmode {
	set gfxpayload="${1}"
	if [ "${1}" = "keep" ]; then set vt_handoff=vt.handoff=7; else set vt_handoff=; fi
}
menuentry 'Debian GNU/Linux' --class debian --class os $menuentry_id_option 'gnulinux-simple-1' {
	load_video
	gfxmode keep
	if [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
	set root='hd0,gpt2'
	if [ x$feature_platform_search_hint = xy ]; then
	  search --no-floppy --fs-uuid --set=root --hint-efi=hd0,gpt2  1
	else
	  search --no-floppy --fs-uuid --set=root 1
	fi
	linux	/boot/vmlinuz-6.12.1 root=UUID=1 ro  quiet "dyndbg=a b" $vt_handoff
	initrd	/boot/initrd.img-6.12.1
}
submenu 'Advanced options for Debian GNU/Linux' $menuentry_id_option 'gnulinux-advanced-1' {
	menuentry 'Debian GNU/Linux, with Linux 6.12.1' $menuentry_id_option 'gnulinux-6.12.1-advanced-1' {
		linux	/boot/vmlinuz-6.12.1 root=UUID=1 ro quiet
	}
	menuentry 'Debian GNU/Linux, with Linux 6.1.0' $menuentry_id_option 'gnulinux-6.1.0-advanced-1' {
		linux	/boot/vmlinuz-6.1.0 root=UUID=1 ro
		initrd	/boot/intel-ucode.img /boot/initrd.img-6.1.0
	}
}
if [ "$grub_platform" = "efi" ]; then
	fwsetup --is-supported
	if [ "$?" = 0 ]; then
		menuentry 'UEFI Firmware Settings' $menuentry_id_option 'uefi-firmware' {
			fwsetup
		}
	fi
fi
if [ -f  ${config_directory}/custom.cfg ]; then
  source ${config_directory}/custom.cfg
elif [ -z "${config_directory}" -a -f  $prefix/custom.cfg ]; then
  source $prefix/custom.cfg
fi
"#;

fn run(text: &str, given: &Given<'_>) -> Menu {
    let read = script::read(text.as_bytes(), &Limits::DEFAULT).unwrap();
    assert_eq!(read.deviations, []);
    menu(&read.value, given, &Limits::DEFAULT)
}

fn environment(lines: &[(&str, &str)]) -> Environment {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Environment { variables: lines.iter().map(owned).collect() }
}

const BARE: Given<'static> =
    Given { platform: Some("efi"), environment: Block::Absent, scripts: &[], snippets: None };

fn boot(choice: &Choice) -> (&str, &str, Vec<&str>, bool) {
    match &choice.leads {
        Leads::Kernel(b) => {
            (&b.kernel, &b.options, b.initrds.iter().map(String::as_str).collect(), b.sure)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_menu_that_debian_shows() {
    let held = environment(&[("saved_entry", "gnulinux-advanced-1>gnulinux-6.1.0-advanced-1")]);
    let given = Given { environment: Block::Read(&held), ..BARE };
    let menu = run(&format!("{HEADER}{DEBIAN}"), &given);
    assert_eq!(menu.default.as_deref(), held.get("saved_entry"));
    assert!(!menu.once);
    let [simple, advanced, firmware] = menu.choices.as_slice() else { panic!("{menu:#?}") };
    assert_eq!((&*simple.id, simple.sure), ("gnulinux-simple-1", true));
    assert_eq!(
        boot(simple),
        (
            "/boot/vmlinuz-6.12.1",
            "root=UUID=1 ro quiet \"dyndbg=a b\" vt.handoff=7",
            vec!["/boot/initrd.img-6.12.1"],
            true
        )
    );
    let Leads::Menu(inner) = &advanced.leads else { panic!() };
    assert_eq!(inner.choices[1].id, "gnulinux-6.1.0-advanced-1");
    assert_eq!(boot(&inner.choices[1]).2, ["/boot/intel-ucode.img", "/boot/initrd.img-6.1.0"]);
    // Whether firmware can be set up is for the firmware to say.
    assert!(!firmware.sure && matches!(&firmware.leads, Leads::Elsewhere(w) if w == "fwsetup"));
}

#[test]
fn a_wish_for_one_boot_comes_first_and_what_was_not_seen_stays_open() {
    let held = environment(&[("saved_entry", "a"), ("next_entry", "b")]);
    let menu = run(HEADER, &Given { environment: Block::Read(&held), ..BARE });
    assert_eq!((menu.default.as_deref(), menu.once), (Some("b"), true));
    let menu = run(HEADER, &Given { environment: Block::Unseen, ..BARE });
    assert_eq!(menu.default, None);
    let menu = run(HEADER, &BARE);
    assert_eq!(menu.default.as_deref(), Some(""));
}

#[test]
fn fedora_takes_entries_in_newest_first() {
    let script = format!(
        "{HEADER}if [ -z \"${{kernelopts}}\" ]; then\n  set kernelopts=\"root=/dev/x ro \"\nfi\n\
         insmod blscfg\nblscfg\nif [ \"$grub_platform\" = \"pc\" ]; then\n menuentry x {{ true }}\nfi\n"
    );
    let snippet = |id: &str, more: &str| {
        Snippet {
        id: id.to_owned(),
        entry: entry::read(
            format!("title Fedora {id}\nlinux /vmlinuz-{id}\ninitrd /initramfs-{id}.img $tuned_initrd\n{more}").as_bytes(),
            &Limits::DEFAULT,
        )
        .unwrap()
        .value,
    }
    };
    let mut snippets = vec![
        snippet("4f0d-6.8.5-301.fc40.x86_64", "options $kernelopts $tuned_params quiet\n"),
        snippet("4f0d-0-rescue", ""),
        snippet("4f0d-6.8.10-300.fc40.x86_64", "options root=/dev/y ro\n"),
    ];
    sort(&mut snippets);
    let menu = run(&script, &Given { snippets: Some(&snippets), ..BARE });
    let ids: Vec<&str> = menu.choices.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["4f0d-6.8.10-300.fc40.x86_64", "4f0d-6.8.5-301.fc40.x86_64", "4f0d-0-rescue"]);
    assert_eq!(
        boot(&menu.choices[1]),
        (
            "/vmlinuz-4f0d-6.8.5-301.fc40.x86_64",
            "root=/dev/x ro   quiet",
            vec!["/initramfs-4f0d-6.8.5-301.fc40.x86_64.img"],
            true
        )
    );
    assert!(menu.takes_snippets);
    let unseen = run(&script, &BARE);
    assert!(!unseen.doubts.is_empty());
}

#[test]
fn a_script_on_the_boot_partition_leads_to_the_real_one() {
    let real = script::read(b"set default=1\nmenuentry a { linux /vmlinuz-1 }", &Limits::DEFAULT);
    let scripts = [("boot/grub2/grub.cfg".to_owned(), real.unwrap().value)];
    let stub = "search --no-floppy --fs-uuid --set=dev 1\nset prefix=($dev)/grub2\n\
                export $prefix\nconfigfile $prefix/grub.cfg\n";
    let menu_of = |scripts| run(stub, &Given { scripts, ..BARE });
    let menu = menu_of(scripts.as_slice());
    assert_eq!((menu.choices.len(), menu.default.as_deref()), (1, Some("1")));
    assert!(!menu_of(&[]).doubts.is_empty());
}

#[test]
fn a_hostile_script_comes_to_an_end() {
    for text in [
        "function a { a; a; }\na",
        "while true; do menuentry x { a=1 }; done",
        "set a=xxxxxxxx\nfor i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do set a=$a$a; done\nmenuentry $a { linux $a }",
        "function f { submenu x { f } }\nf",
        "until $x; do for i in a b; do if y; then z=$i$z; fi; done; done",
    ] {
        let _ = run(text, &BARE);
    }
}
