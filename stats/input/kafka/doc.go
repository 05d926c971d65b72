// Package kafka reads ranges of Kafka topics: from an offset that is committed,
// or given, to the end that a partition has at the start. So reading ends, and
// doing it again gives the same messages.
//
// Partitions are read directly, without joining a consumer group. A message of a
// transaction that was aborted, or has not ended, is not read.
//
//	url.go        Request: what a URL asks for
//	settings.go   Settings: how brokers are reached: TLS, SASL, time limits
//	cluster.go    cluster: brokers, asked again until they answer or the time is up
//	inputs.go     Inputs: the ranges that URLs stand for, fixed when they are added
//	group.go      offsets that a consumer group has, and gets
//	partition.go  partition: a range's messages, one fetch after the other
//	batch.go      batches: what a fetch returns, without aborted transactions
//	records.go    records: the messages of a batch, in constant memory
//
// The protocol's structures and connections are franz-go's. Its consumer is not
// used: it decompresses whole fetches, and has an object for each message, so that
// its memory depends on how well the messages compress.
package kafka
