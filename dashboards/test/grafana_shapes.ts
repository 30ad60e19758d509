// What a dashboard of ours may hold: Grafana's own published types, narrowed to the panels we use,
// with each panel's options and custom field options held to the panel's own type. Where Grafana
// publishes no type (the queries of the Prometheus datasource, transformations), the few keys that
// we use are written here.
import type * as grafana from '@grafana/schema';
import type * as bargauge from 'panels/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as heatmap from 'panels/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as stat from 'panels/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as stateTimeline from 'panels/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as table from 'panels/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeseries from 'panels/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// JSON has strings where the types have enumerations; those of numbers stay as they are.
type Json<T> = unknown extends T
  ? T
  : T extends string
    ? `${T}`
    : T extends number | boolean | null | undefined
      ? T
      : T extends Array<infer Item>
        ? Json<Item>[]
        : { [Key in keyof T]: Json<T[Key]> };

// Without the index signature that would let any misspelt key pass.
type Known<T> = {
  [Key in keyof T as string extends Key ? never : Key]: T[Key];
};

type Datasource = { type: 'prometheus'; uid: string };

interface PrometheusQuery {
  datasource: Datasource;
  expr: string;
  refId: string;
  format?: 'time_series' | 'table' | 'heatmap';
  instant?: boolean;
  range?: boolean;
  legendFormat?: string;
}

interface FieldLink {
  title: string;
  url: string;
  targetBlank: boolean;
}

type Defaults<Custom> = Omit<Json<Known<grafana.FieldConfig>>, 'custom' | 'links'> & {
  unit: string;
  custom?: Partial<Json<Custom>>;
  links?: FieldLink[];
};

// { id: 'unit', value: ... } for each standard option, { id: 'custom.width', ... } for the panel's.
type Property<Custom> =
  | { [Key in keyof Defaults<Custom> & string]: { id: Key; value: Defaults<Custom>[Key] } }[
      | Exclude<keyof Defaults<Custom> & string, 'custom'>]
  | { [Key in keyof Custom & string]-?: { id: `custom.${Key}`; value: Json<Custom[Key]> } }[
      keyof Custom & string];

interface Override<Custom> {
  matcher: { id: 'byName' | 'byRegexp'; options: string };
  properties: Property<Custom>[];
}

type Transformation =
  | { id: 'merge'; options: Record<string, never> }
  | {
      id: 'organize';
      options: {
        excludeByName?: Record<string, boolean>;
        indexByName?: Record<string, number>;
        renameByName?: Record<string, string>;
      };
    };

type Replaced =
  | 'datasource' | 'description' | 'fieldConfig' | 'gridPos' | 'id' | 'options' | 'targets'
  | 'title' | 'transformations' | 'type';

type PanelOf<Type extends string, Options, Custom> = Omit<Json<grafana.Panel>, Replaced> & {
  datasource: Datasource;
  description: string;
  fieldConfig: { defaults: Defaults<Custom>; overrides: Override<Custom>[] };
  gridPos: grafana.GridPos;
  id: number;
  options: Json<Options>;
  targets: PrometheusQuery[];
  title: string;
  transformations?: Transformation[];
  type: Type;
};

type Row = Omit<Json<grafana.RowPanel>, 'panels'> & { panels: never[] };

type Panel =
  | PanelOf<'bargauge', bargauge.Options, {}>
  | PanelOf<'heatmap', heatmap.Options, heatmap.FieldConfig>
  | PanelOf<'stat', stat.Options, {}>
  | PanelOf<'state-timeline', stateTimeline.Options, stateTimeline.FieldConfig>
  | PanelOf<'table', table.Options, table.FieldConfig>
  | PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | Row;

// The formats are the Prometheus datasource's own, beside the published part.
type Annotation = Omit<Json<grafana.AnnotationQuery>, 'datasource' | 'target'> & {
  datasource: Datasource;
  target: { expr: string; refId: string };
  tagKeys?: string;
  textFormat?: string;
  titleFormat?: string;
};

type Variable = Omit<Json<grafana.VariableModel>, 'datasource' | 'query'> & {
  datasource: Datasource;
  query: string;
};

export type Dashboard = Omit<
  Json<grafana.Dashboard>,
  'annotations' | 'id' | 'panels' | 'templating' | 'version'
> & {
  annotations: { list: Annotation[] };
  description: string;
  panels: Panel[];
  templating: { list: Variable[] };
  title: string;
  uid: string;
};
