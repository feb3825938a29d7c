typedef unsigned int u32; typedef unsigned long u64;
enum irqreturn { IRQ_NONE, IRQ_HANDLED };
struct list_head { struct list_head *next, *prev; };
struct device { struct list_head list; char name[16]; enum irqreturn mode; void *priv; };
struct page;
struct driver { struct list_head entry; struct device *dev; u32 count; enum irqreturn mode; struct page *page; };
struct driver driver;
int probe(struct device *dev, enum irqreturn mode) { driver.dev = dev; return mode; }
