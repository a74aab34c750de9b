package admin

import (
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// JSONSchema describes how durations are written.
func (Duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Description: "a duration: 5s, 1h30m, 90d, 2w, -10m", Examples: []any{"90d"}}
}

// Document is the OpenAPI document of the JSON face.
func (p *Panel) Document() map[string]any { return p.openAPI("") }

// openAPI describes the JSON face from the table that the router uses; lead is the path of the public URL.
func (p *Panel) openAPI(lead string) map[string]any {
	paths := map[string]map[string]any{}
	for _, e := range p.endpoints {
		if paths[e.path] == nil {
			paths[e.path] = map[string]any{}
		}
		paths[e.path][strings.ToLower(e.method)] = e.describe()
	}
	return map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{"title": "Sandbank admin API", "version": p.options.Version,
			"description": "The levers of one space. Changes happen whole or not at all, and can be undone."},
		"servers": []any{map[string]any{"url": lead + Prefix}, map[string]any{"url": lead + "/s/{space}" + Prefix,
			"variables": map[string]any{"space": map[string]any{"default": "main"}}}},
		"paths": paths,
		"components": map[string]any{
			"securitySchemes": map[string]any{"key": map[string]any{"type": "http", "scheme": "bearer"}},
			"schemas":         map[string]any{"Problem": schema(problem{})},
		},
		"security": []any{map[string]any{}, map[string]any{"key": []string{}}},
	}
}

func (e *endpoint) describe() map[string]any {
	op := map[string]any{"operationId": e.op, "summary": e.doc}
	var parameters []any
	for _, part := range strings.Split(e.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			parameters = append(parameters, map[string]any{"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true,
				"schema": map[string]any{"type": "string"}})
		}
	}
	for _, q := range e.query {
		parameters = append(parameters, map[string]any{"name": q.name, "in": "query", "description": q.doc, "schema": map[string]any{"type": "string"}})
	}
	if parameters != nil {
		op["parameters"] = parameters
	}
	if e.in != nil {
		op["requestBody"] = map[string]any{"content": content("application/json", schema(e.in))}
	}
	status, answer := "204", map[string]any{"description": "done"}
	if e.out != nil {
		status, answer = "200", map[string]any{"description": e.doc, "content": content("application/json", schema(e.out))}
	}
	if e.media != "" {
		status, answer = "200", map[string]any{"description": e.doc, "content": content(e.media, map[string]any{"type": "string"})}
	}
	if e.status == 201 {
		status = "201"
	}
	op["responses"] = map[string]any{status: answer, "default": map[string]any{"description": "refused",
		"content": content("application/problem+json", map[string]any{"$ref": "#/components/schemas/Problem"})}}
	return op
}

func content(kind string, schema any) map[string]any {
	return map[string]any{kind: map[string]any{"schema": schema}}
}

// schema is the JSON Schema of a Go type, without references, so that each operation can be read on its own.
func schema(v any) any {
	if reflect.TypeOf(v).Kind() == reflect.Map {
		return map[string]any{"type": "object"}
	}
	r := jsonschema.Reflector{DoNotReference: true, Anonymous: true}
	s := r.Reflect(v)
	s.Version = ""
	return s
}
