using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.Lora;
using TorchSharp.Modules;

namespace ResLora.Tests;

/// <summary>The two factors, for tests of adapters that are known to be LoRA.</summary>
internal static class LoraParts
{
    extension(AdapterBlock block)
    {
        /// <summary>A [R, Din].</summary>
        public Parameter A => ((LoraBlock)block).A;

        /// <summary>B [Dout, R].</summary>
        public Parameter B => ((LoraBlock)block).B;

        /// <summary>Both with the scaling.</summary>
        public LoraPair Pair => ((LoraBlock)block).Pair;
    }

    extension(MergedBlock block)
    {
        /// <summary>A*, B* and the scaling.</summary>
        public LoraPair Pair => block.Update.AsLowRank()!.Value;
    }
}
