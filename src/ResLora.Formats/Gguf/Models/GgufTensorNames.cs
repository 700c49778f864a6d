using System.Text.RegularExpressions;

namespace ResLora.Formats.Gguf.Models;

/// <summary>Names of tensors in GGUF and in Hugging Face's folders, for llama, qwen2 and qwen3.</summary>
public static partial class GgufTensorNames
{
    /// <summary>The divisors of the rotary frequencies, which are a setting in Hugging Face's folders.</summary>
    public const string FrequencyDivisors = "rope_freqs.weight";

    /// <summary>The name in GGUF.</summary>
    /// <param name="name">Hugging Face's, such as <c>model.layers.3.mlp.up_proj.weight</c>.</param>
    /// <returns>Such as <c>blk.3.ffn_up.weight</c>.</returns>
    /// <exception cref="ArgumentException">These models have no such tensor.</exception>
    public static string Stored(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var match = LayerTensor().Match(name);
        if (!match.Success)
        {
            return name switch
            {
                "model.embed_tokens.weight" => "token_embd.weight",
                "model.norm.weight" => "output_norm.weight",
                "lm_head.weight" => "output.weight",
                _ => throw new ArgumentException($"'{name}' is no tensor of the Llama family.", nameof(name)),
            };
        }

        var stored = match.Groups["part"].Value switch
        {
            "input_layernorm" => "attn_norm",
            "post_attention_layernorm" => "ffn_norm",
            "self_attn.o_proj" => "attn_output",
            var part when part.StartsWith("self_attn.", StringComparison.Ordinal) =>
                $"attn_{part["self_attn.".Length..].Replace("_proj", "", StringComparison.Ordinal)}",
            var part => $"ffn_{part["mlp.".Length..].Replace("_proj", "", StringComparison.Ordinal)}",
        };
        return $"blk.{match.Groups["layer"].Value}.{stored}.{match.Groups["kind"].Value}";
    }

    [GeneratedRegex(@"^model\.layers\.(?<layer>\d+)\.(?<part>.+)\.(?<kind>weight|bias)$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LayerTensor();
}
