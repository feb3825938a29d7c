[CatalogHeader]
Name=demo.cat
ResultDir=out
PublicVersion=0x0000001
CatalogVersion=2
HashAlgorithms=SHA256
EncodingType=0x00010001
CATATTR1=0x10010001:OSAttr:2:10.0
CATATTR2=0x10020001:Blob:AAEC

[CatalogFiles]
<HASH>demo.sys=demo.sys
<HASH>demo.sysATTR1=0x11010001:File:demo.sys
<HASH>a.bin=.\sub\a.bin
<HASH>a.binALTSIPID={DE351A42-8E59-11D0-8C47-00C04FC295EE}
