/* The polynomials of erf; their largest relative error is 2^-55.41. Written by coeffs/double_tables.py. */
#define ERF_WIDTH 0x1.88p-2 /* 0.3828125 */
#define ERF_PER_WIDTH 0x1.4e5e0a72f0539p+1 /* 2.612244898 */
#define ERF_SEAM 0x1.eap-1 /* 0.95703125 */
#define ERF_LIMIT_DOUBLE 0x1.7b851eb851eb8p+2 /* 5.93 */
#define ERF_SCALE 0x1p+8 /* 256.0 */
#define ERF_DOUBLE_COLUMNS 12
#define ERF_DOUBLE_TABLE(COLUMN) \
    COLUMN(0, 0x0p+0, 0x1.da2aca2093948p+2, -0x1.6ce1a0b695a59p+3, -0x1.f6cf1f1d57db6p+3, \
        0x1.9d8bf7917b99ap+1, 0x1.285cf56ecd37dp+3, 0x1.567d084012023p+3, 0x1.5ec39ff380b88p+3, \
        0x1.5fe0e0140856fp+3, 0x1.5ffdb01e8545ep+3, 0x1.5fffdedf37ed7p+3, 0x1.5ffffe9aeb972p+3, \
        0x1.5ffffff4b4535p+3, 0x1.5fffffffbb587p+3, 0x1.5ffffffffec71p+3, 0x1.5ffffffffffbdp+3) \
    COLUMN(1, 0x1.06eba8214db69p+5, -0x1.a0b67d27ffc9p+2, -0x1.7d0be77f6c055p+6, 0x1.35005285227eap+6, \
        0x1.bb1c972f23e4ap+4, 0x1.da0005e5f290bp+2, 0x1.7a3ade6c8b3dfp+0, 0x1.c245d4b99837ep-3, \
        0x1.8fdc1b2dcf823p-6, 0x1.08e1badf10386p-9, 0x1.05c803e4837a4p-13, 0x1.81fb7df0609f7p-18, \
        0x1.a887bd2b54193p-23, 0x1.5c4e8e381a39ap-28, 0x1.aa577253c113fp-34, 0x1.85487ee8acadcp-40) \
    COLUMN(2, -0x1.98df1a5ba0158p-40, -0x1.7e07a2416b05ap+6, -0x1.ec42e2c27150ap+6, -0x1.62de5ec4e59f4p+6, \
        -0x1.5341e3c0177b6p+5, -0x1.c5a205a51127bp+3, -0x1.b25f9b70a7a81p+1, -0x1.2da5c80254d26p-1, \
        -0x1.322484cf12d35p-4, -0x1.c84cdaea425e4p-8, -0x1.f510d773639ccp-12, -0x1.96564114d24e6p-16, \
        -0x1.e78be341af1acp-21, -0x1.b157bbf772d8bp-26, -0x1.1d9d95246188bp-31, -0x1.176ac936fd1c4p-37) \
    COLUMN(3, -0x1.812746b034412p+6, -0x1.d64f2aa24895cp+5, 0x1.278631edb5346p+3, 0x1.51644a1a15da7p+5, \
        0x1.107929f6e7eecp+5, 0x1.f3dabe384ab18p+3, 0x1.2d0c4b23dfdf4p+2, 0x1.f55bacea1523cp-1, \
        0x1.27dc1bc6cd744p-3, 0x1.f5f573d6229cep-7, 0x1.34c8694ca095ap-10, 0x1.1522a10dba12fp-14, \
        0x1.6c6ef0b7d312bp-19, 0x1.602b773f398cap-24, 0x1.f55bb12bfc62ep-30, 0x1.075b1bacc0df3p-35) \
    COLUMN(4, -0x1.a203910f243e1p-27, 0x1.58b4e8aa0a5dbp+5, 0x1.2be43f6516afap+5, 0x1.56bd4507bb1a3p+2, \
        -0x1.7e1b362eb2dc5p+3, -0x1.472a562a2d816p+3, -0x1.1156d9b886da1p+2, -0x1.1d989e56b2ee3p+0, \
        -0x1.9202f465f2b9ap-3, -0x1.8a5382b29d3b4p-6, -0x1.12a319217d3adp-9, -0x1.12d1b1c7ad16ap-13, \
        -0x1.8e36e93924c02p-18, -0x1.a417bfd8d1ffp-23, -0x1.43f8592b8dc6dp-28, -0x1.6e6acf94d2d75p-34) \
    COLUMN(5, 0x1.ce2f2210b630dp+4, 0x1.613cfe47657p+3, -0x1.c80642fcff53bp+3, -0x1.e397d20330c7dp+3, \
        -0x1.73b61e50bf293p+1, 0x1.921e5d452eedbp+1, 0x1.41a1cfc686911p+1, 0x1.cdd6df85cd304p-1, \
        0x1.93b4c9768848p-3, 0x1.d4231212e406bp-6, 0x1.76387b8bbf5dbp-9, 0x1.a5540221600f9p-13, \
        0x1.5286ed214fab9p-17, 0x1.87b5f918b3287p-22, 0x1.48745bc3187c3p-27, 0x1.910e38defdd96p-33) \
    COLUMN(6, -0x1.26b260d49261ep-17, -0x1.9cc304eeec36cp+3, -0x1.97019979e0bcp+2, 0x1.16da90bb3a208p+2, \
        0x1.2aa7641d46dc2p+2, 0x1.71aa57ffdadc5p-1, -0x1.91dfddb269549p-1, -0x1.0435ddf3a2f6cp-1, \
        -0x1.30e9e60f11a93p-3, -0x1.b078f099e2c78p-6, -0x1.9448d91f66068p-9, -0x1.030e25b9ddbbdp-12, \
        -0x1.d1465585b76p-17, -0x1.28e3e51718a04p-21, -0x1.0fc9f59fd2801p-26, -0x1.67662fe6dd648p-32) \
    COLUMN(7, -0x1.b82af5b1a4077p+2, -0x1.37ab2212b004fp+0, 0x1.322fde133393dp+2, 0x1.159135662b7cep+1, \
        -0x1.59a38540c48dap+0, -0x1.2490caac8a26ap+0, -0x1.54b062bf6e19fp-4, 0x1.650c3222111d2p-3, \
        0x1.555b9bcf82ee4p-4, 0x1.3a40f00b9be38p-6, 0x1.6116046bde872p-9, 0x1.0584a267b6385p-12, \
        0x1.0909640ead253p-16, 0x1.7782e813e760dp-21, 0x1.79145ea6c72b7p-26, 0x1.0ef424867475ap-31) \
    COLUMN(8, -0x1.0c5f47dfa78ffp-10, 0x1.70b5b018c4892p+1, 0x1.c9c12b0ea9d12p-2, -0x1.8e66d04484725p+0, \
        -0x1.eeb277503fe19p-2, 0x1.918f8c59b4ad7p-2, 0x1.ba4736d587324p-3, -0x1.028331d3113ffp-7, \
        -0x1.05598a3be69bfp-5, -0x1.640183cddd918p-7, -0x1.f690517025305p-10, -0x1.b796875b7fe5cp-13, \
        -0x1.fd06edccfb1bcp-17, -0x1.9384f829446d7p-21, -0x1.bee1297554494p-26, -0x1.5e53a6b2a6712p-31) \
    COLUMN(9, 0x1.57d26d71b06a4p+0, -0x1.0eeb39fa99ebp-7, -0x1.019738daa384p+0, -0x1.9248f79af7457p-6, \
        0x1.b525baad5cb31p-2, 0x1.c63668216347bp-5, -0x1.81405ea6231bp-4, -0x1.de856d43ce18bp-6, \
        0x1.68eb445c6ec5cp-8, 0x1.2cbfaad84235ep-8, 0x1.2239835da96d1p-10, 0x1.359c1f8e00eeap-13, \
        0x1.a06f5020a25a6p-17, 0x1.750820a88a3aap-21, 0x1.ca843178b3c2ap-26, 0x1.89d32019b46c4p-31) \
    COLUMN(10, -0x1.3d0404e87f50fp-6, -0x1.05dcf89328b53p-1, 0x1.3154c86ea623bp-4, 0x1.210d8b7093af5p-2, \
        -0x1.6f50cab70a7dcp-5, -0x1.747a0d770dcebp-4, 0x1.3bd79bc7105b4p-8, 0x1.17846b1fa0091p-6, \
        0x1.2d5ad95351abcp-9, -0x1.429057b45f46fp-10, -0x1.09ba9cf1c5059p-11, -0x1.6d8d5235700cp-14, \
        -0x1.24da32f04ee43p-17, -0x1.2ceb76318ca9fp-21, -0x1.9efe070ab6992p-26, -0x1.89ae3cf5c3cb3p-31) \
    COLUMN(11, -0x1.7b4afbf87fd72p-3, 0x1.2585b3fb30c69p-5, 0x1.3792cbf9e98d1p-3, -0x1.b51b2bfa062d2p-5, \
        -0x1.d2fdc3f95830ep-5, 0x1.67f943f7b5125p-6, 0x1.b715abf77ef0ap-7, -0x1.c076abf51d0dap-9, \
        -0x1.1ea853f48bde1p-9, 0x1.1cab83f27555fp-17, 0x1.6689abf00aa9bp-13, 0x1.69065bef0da2cp-15, \
        0x1.67f13bec55bcep-18, 0x1.b26f4be8e0692p-22, 0x1.55356be4a5ab9p-26, 0x1.6a85bbdff16f1p-31)
