typedef unsigned int u32; typedef unsigned long u64;
enum irqreturn { IRQ_NONE, IRQ_HANDLED };
enum wide { BIG = 0x100000000ull };
struct page; 
struct list_head { struct list_head *next, *prev; };
struct device { struct list_head list; char name[16]; enum irqreturn mode; void *priv; };
struct page { u64 flags; struct list_head lru; };
union any { u32 a; u64 b; };
struct module { char name[56]; struct device *dev; union any any; float f; };
struct module m; enum wide w; struct page p; double d; short s; long long ll;
struct twin_holder { struct device d; } th;
int kernel_function(struct device *dev, enum irqreturn mode) { return dev->mode == mode; }
