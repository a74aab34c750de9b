package server

import (
	"bytes"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"sandbank/server/journal"
	"sandbank/server/world"
)

// meter counts for /metrics. Labels are names from the route tables, never what a caller sent.
type meter struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
}

func newMeter(w *world.World, m *mount) *meter {
	t := &meter{registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sandbank_requests_total", Help: "Requests answered, by bank, operation and status."}, []string{"bank", "op", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "sandbank_request_duration_seconds", Help: "Time to answer, by bank.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .05, .25, 1, 5}}, []string{"bank"}),
	}
	t.registry.MustRegister(t.requests, t.latency, &tokens{world: w, mount: m,
		live:    prometheus.NewDesc("sandbank_tokens_live", "Codes and tokens that would be accepted now.", []string{"bank"}, nil),
		issued:  prometheus.NewDesc("sandbank_tokens_issued_total", "Codes and tokens issued.", nil, nil),
		expired: prometheus.NewDesc("sandbank_tokens_expired", "Codes and tokens kept that are dead of age.", []string{"bank"}, nil),
		revoked: prometheus.NewDesc("sandbank_tokens_revoked", "Codes and tokens kept that were revoked.", []string{"bank"}, nil),
		dropped: prometheus.NewDesc("sandbank_tokens_dropped_total", "Codes and tokens forgotten to bound memory.", nil, nil),
		journal: prometheus.NewDesc("sandbank_journal_entries_total", "Requests written to the journal.", nil, nil),
		spaces:  prometheus.NewDesc("sandbank_spaces", "Private worlds, the main one included.", nil, nil),
		idle:    prometheus.NewDesc("sandbank_spaces_dropped_total", "Spaces dropped because they were idle.", nil, nil),
	})
	return t
}

func (t *meter) observe(e *journal.Entry) {
	t.requests.WithLabelValues(e.Bank, e.Op, strconv.Itoa(e.Status)).Inc()
	t.latency.WithLabelValues(e.Bank).Observe(e.Took.Seconds())
}

// text is the Prometheus exposition format.
func (t *meter) text() ([]byte, error) {
	families, err := t.registry.Gather()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// tokens reads the book of grants when it is scraped: what lives is a question of the instant.
type tokens struct {
	world                                            *world.World
	mount                                            *mount
	live, issued, expired, revoked, dropped, journal *prometheus.Desc
	spaces, idle                                     *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (t *tokens) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(t, ch) }

// Collect implements prometheus.Collector.
func (t *tokens) Collect(ch chan<- prometheus.Metric) {
	s := t.world.Space(world.Main)
	s.Gate.RLock()
	defer s.Gate.RUnlock()
	now := s.Clock.Now()
	gauge := func(d *prometheus.Desc, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	for _, b := range t.mount.banks {
		n := s.Grants.Stats(b.Name, now)
		gauge(t.live, n.Live, b.Name)
		gauge(t.expired, n.Expired, b.Name)
		gauge(t.revoked, n.Revoked, b.Name)
	}
	all := s.Grants.Stats("", now)
	total := func(d *prometheus.Desc, v int64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v))
	}
	total(t.issued, all.Issued)
	total(t.dropped, all.Dropped)
	total(t.journal, int64(s.Journal.Total()))
	gauge(t.spaces, int64(len(t.world.Spaces())))
	total(t.idle, t.world.Dropped())
}
