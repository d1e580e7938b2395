// Identifiers and text that come straight from a model.
// ids: conv1 fc_2
// model: layer/conv-1
#include <hls_stream.h>

void conv1_engine0(int);
void fc_2(int);
void MyModelConv(int);   // want: identifier
void conv1__window(int);  // want: identifier
void _Reserved(int);     // want: identifier
// layer/conv-1 is the first.  want: identifier
