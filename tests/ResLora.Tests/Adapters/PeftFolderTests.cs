using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Adapters;

/// <summary>Keys of PEFT's configurations: what is read, refused by name, or warned of.</summary>
public sealed class PeftFolderTests
{
    [Theory]
    [InlineData("peft_type", "\"OFT\"", "peft_type OFT")]
    [InlineData("peft_type", "\"PROMPT_TUNING\"", "peft_type PROMPT_TUNING")]
    [InlineData("bias", "\"some\"", "bias = \"some\"")]
    [InlineData("use_qalora", "true", "use_qalora")]
    [InlineData("lora_bias", "true", "lora_bias")]
    [InlineData("kasa_config", "{}", "kasa_config")]
    [InlineData("velora_config", """{ "scale": 1.0 }""", "velora_config = {\"scale\":1.0}")]
    [InlineData("monteclora_config", """{ "a": 1 }""", "monteclora_config")]
    [InlineData("arrow_config", """{ "a": 1 }""", "arrow_config")]
    [InlineData("alora_invocation_tokens", "[5]", "alora_invocation_tokens = [5]")]
    [InlineData("use_bdlora", """{ "a": 1 }""", "use_bdlora")]
    [InlineData("init_lora_weights", "\"pissa_niter_4\"", "init_lora_weights")]
    [InlineData("layer_replication", "[[0, 1]]", "layer_replication")]
    public void Describe_PeftFeatureThatChangesTheNumbers_IsRefusedByName(string key, string value, string part)
    {
        using var folder = new TemporaryFolder();
        WritePeftConfig(folder, key, value);

        var error = Assert.Throws<ConfigException>(() => AdapterStore.Describe(folder.Path));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Contains("merge_and_unload", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "there is no \"peft_type\"")]
    [InlineData("[]", "there is no \"peft_type\"")]
    [InlineData("""{ "peft_type": "PREFIX_TUNING", "num_virtual_tokens": 3 }""", "peft_type PREFIX_TUNING is not supported")]
    public void Describe_ConfigurationOfAnotherMethod_IsNamedWithoutAWordOfMissingKeys(string json, string part)
    {
        using var folder = new TemporaryFolder();
        folder.Write("adapter_config.json", json);

        var error = Assert.ThrowsAny<ResLoraException>(() => AdapterStore.Describe(folder.Path));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("target_modules", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("some_new_key", "7", "'some_new_key' is not known and left out")]
    [InlineData("some_new_key", """{ "a": 1 }""", "'some_new_key'")]
    [InlineData("fan_in_fan_out", "true", "fan_in_fan_out is left out")]
    public void Describe_KeyThatIsLeftOut_IsWarnedOf(string key, string value, string part)
    {
        using var folder = new TemporaryFolder();
        WritePeftConfig(folder, key, value);
        var heard = new List<string>();

        using (Warnings.Listen(heard.Add))
        {
            AdapterStore.Describe(folder.Path);
        }

        Assert.Contains(part, Assert.Single(heard), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Pickle_SaysWhatItIsAndHowToConvertIt()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        WritePeftConfig(folder, "r", "4");
        folder.Write("adapter_model.bin", "");

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(model, folder.Path));

        Assert.Contains("is a pickle", error.Message, StringComparison.Ordinal);
        Assert.Contains("save_pretrained", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("target_modules", "null")]
    [InlineData("target_modules", "7")]
    [InlineData("target_modules", """["q_proj", 7]""")]
    [InlineData("exclude_modules", """{ "a": 1 }""")]
    [InlineData("r", "\"four\"")]
    [InlineData("peft_type", "7")]
    [InlineData("rank_pattern", "[4]")]
    [InlineData("rank_pattern", """{ "q_proj": 2.5 }""")]
    [InlineData("alpha_pattern", """{ "q_proj": "much" }""")]
    public void Describe_PeftKeyOfAnotherKind_IsAFormatError(string key, string value)
    {
        using var folder = new TemporaryFolder();
        WritePeftConfig(folder, key, value);

        var error = Assert.ThrowsAny<ResLoraException>(() => AdapterStore.Describe(folder.Path));

        Assert.Contains("adapter_config.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("r", "0", "rank is 0")]
    [InlineData("r", "100000000", "rank is 100000000")]
    [InlineData("lora_alpha", "-1", "alpha is -1")]
    [InlineData("lora_dropout", "2", "dropout is 2")]
    [InlineData("target_modules", "[]", "targets is empty")]
    [InlineData("target_modules", "\"(\"", "not a regular expression")]
    [InlineData("rank_pattern", """{ "q_proj": 0 }""", "rank_pattern 'q_proj' is 0")]
    [InlineData("rank_pattern", """{ "q_proj": 100000000 }""", "rank_pattern 'q_proj' is 100000000")]
    [InlineData("alpha_pattern", """{ "q_proj": -3 }""", "alpha_pattern 'q_proj' is -3")]
    [InlineData("alpha_pattern", """{ "q_proj(": 3 }""", "the module pattern 'q_proj(' is not a regular expression")]
    public void Load_PeftSettingsThatCannotBe_AreNamedBeforeAnythingIsAllocated(string key, string value, string part)
    {
        using var folder = new TemporaryFolder();
        WritePeftConfig(folder, key, value);
        using var model = TinyLlama.Create();

        var error = Assert.Throws<ConfigException>(() => AdapterStore.Load(model, folder.Path));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("peft_type", "\"lora\"")]
    [InlineData("some_new_key", "null")]
    [InlineData("rank_pattern", "{}")]
    [InlineData("rank_pattern", "null")]
    [InlineData("alpha_pattern", "{}")]
    [InlineData("lora_bias", "false")]
    [InlineData("use_dora", "true")]
    [InlineData("layers_to_transform", "null")]
    [InlineData("layers_to_transform", "[0]")]
    [InlineData("bias", "\"all\"")]
    [InlineData("kasa_config", "null")]
    [InlineData("init_lora_weights", "\"orthogonal\"")]
    [InlineData("trainable_token_indices", "[5]")]
    [InlineData("megatron_core", "\"megatron.core\"")]
    [InlineData("loftq_config", "{}")]
    [InlineData("ensure_weight_tying", "false")]
    [InlineData("modules_to_save", "null")]
    [InlineData("target_modules", "\".*q_proj\"")]
    [InlineData("exclude_modules", "null")]
    public void Describe_HarmlessVariants_AreRead(string key, string value)
    {
        using var folder = new TemporaryFolder();
        WritePeftConfig(folder, key, value);

        var heard = new List<string>();
        using var listening = Warnings.Listen(heard.Add);

        var description = AdapterStore.Describe(folder.Path);

        Assert.Empty(heard);
        Assert.Equal(("peft", 4, 8.0), (description.Format, description.Config.Rank, description.Config.Alpha));
        Assert.True(description.Config.Targets!.Matches("model.layers.0.self_attn.q_proj"));
    }

    private static void WritePeftConfig(TemporaryFolder folder, string key, string value)
    {
        var json = JsonNode.Parse("""{ "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"], "bias": "none" }""")!;
        json[key] = JsonNode.Parse(value);
        folder.Write("adapter_config.json", json.ToJsonString());
    }
}
