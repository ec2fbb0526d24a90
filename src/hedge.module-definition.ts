import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { HedgeModuleOptions } from './hedge.options.js';

/** The provider of the options. Tests override it with `overrideProvider(HEDGE_OPTIONS)`. */
export const HEDGE_OPTIONS = Symbol('HEDGE_OPTIONS');

/** For `forRootAsync({ useClass })` and `({ useExisting })`. */
export interface HedgeOptionsFactory {
  /** Nest calls it once, when it makes the app. */
  createHedgeOptions(): HedgeModuleOptions | Promise<HedgeModuleOptions>;
}

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<HedgeModuleOptions>({ optionsInjectionToken: HEDGE_OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createHedgeOptions')
    .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal,
    }))
    .build();
