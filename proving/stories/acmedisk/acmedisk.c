#include <linux/module.h>
#include <linux/pci.h>
static const struct pci_device_id ids[] = { { PCI_DEVICE(0x10df, 0xf0f5) }, { } };
MODULE_DEVICE_TABLE(pci, ids);
static int start(struct pci_dev *d, const struct pci_device_id *i) { return -ENODEV; }
static struct pci_driver drv = { .name = "acmedisk", .id_table = ids, .probe = start };
module_pci_driver(drv);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A disk controller");
