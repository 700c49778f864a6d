namespace ResLora.Formats.Gguf;

/// <summary>How the numbers of a weight matrix are stored in a GGUF file.</summary>
public enum GgufWeightType
{
    /// <summary>32-bit floating point, on the command line <c>f32</c>: exact for every model.</summary>
    F32,

    /// <summary>16-bit IEEE floating point, <c>f16</c>.</summary>
    F16,

    /// <summary>bfloat16, <c>bf16</c>: exact for a model in bfloat16.</summary>
    BF16,

    /// <summary>
    /// GGML's Q8_0, <c>q8_0</c>: blocks of 32 numbers of a row share a float16 scale and take 8 bits each. A matrix whose rows are no
    /// multiple of 32 long is stored in float16.
    /// </summary>
    Q8,
}
