using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Experiments.Verification;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Adapters;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Tests.Text.Tokenization;
using ResLora.Text.Tokenization;
using ResLora.Training.Gguf;
using Xunit;
using static TorchSharp.torch;
using TemporaryFolder = ResLora.Tests.Support.TemporaryFolder;

namespace ResLora.Tests.Fuzzing;

/// <summary>
/// A damaged file of any kind that is read is read, or refused with a <see cref="ResLoraException"/>: anything else would be our own bug.
/// What opens is used as well: an encoded text, a forward pass.
/// </summary>
public sealed class DamagedFilesTests : IDisposable
{
    private const int Runs = 250;

    private static readonly string[] _texts = ["the cat's 12 apples", "", " é\u0001 日本 \ud83d\ude00  end\n"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("mistral")]
    public void LlamaConfig(string family)
    {
        using var model = TinyLlama.Create(TinyLlama.Config with { ModelType = family });
        var folder = TinyFolders.Write(_folder, model);

        Check(folder, "config.json", UseModel);
    }

    [Theory]
    [InlineData("bert")]
    [InlineData("roberta")]
    public void BertConfig(string family)
    {
        using var model = TinyBert.Create(family);
        var folder = TinyBert.Write(_folder, model);

        Check(folder, "config.json", UseModel);
    }

    [Fact]
    public void ShardIndex()
    {
        using var model = TinyLlama.Create();
        var folder = TinyFolders.Write(_folder, model);
        var whole = Path.Combine(folder, "model.safetensors");
        var map = SafetensorsReader.ReadHeader(whole).Entries.Keys.ToDictionary(name => name, _ => "model-00001-of-00001.safetensors");
        File.Move(whole, Path.Combine(folder, "model-00001-of-00001.safetensors"));
        File.WriteAllText(
            Path.Combine(folder, "model.safetensors.index.json"),
            JsonSerializer.Serialize(new { metadata = new { total_size = 1 }, weight_map = map }));

        Check(folder, "model.safetensors.index.json", UseModel);
    }

    [Fact]
    public void TokenizerJson_ByteLevel()
    {
        _folder.Write(
            "tokenizer.json", ByteLevelBpeTrainer.Train(TokenizerFixtures.Texts, new BpeTrainingOptions { VocabularySize = 300 }));

        Check(_folder.Path, "tokenizer.json", UseTokenizer);
    }

    [Fact]
    public void TokenizerJson_SentencePiece()
    {
        _folder.Write("tokenizer.json", TokenizerFixtures.SentencePiece().ToJsonString());

        Check(_folder.Path, "tokenizer.json", UseTokenizer);
    }

    [Fact]
    public void TokenizerJson_Unigram()
    {
        var map = CharacterMap.Build(("①", "1"), ("é", "e"));
        _folder.Write("tokenizer.json", $$$"""
            {"added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":6,"content":"<N>","normalized":true}],
             "normalizer":{"type":"Sequence","normalizers":[{"type":"Precompiled","precompiled_charsmap":"{{{map}}}"},{"type":"NFKC"},{"type":"Nmt"},
              {"type":"Lowercase"},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "} ] },
             "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Punctuation","behavior":"Isolated"},{"type":"FixedLength","length":9},
              {"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}]},
             "decoder":{"type":"Sequence","decoders":[{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"},{"type":"BPEDecoder","suffix":"x"}]},
             "model":{"type":"Unigram","unk_id":0,"byte_fallback":true,"vocab":[["<unk>",0],["▁",-1.5],["a",-2],["▁a",-2.5],["1",-3],["the",-3.5]]}}
            """);

        Check(_folder.Path, "tokenizer.json", UseTokenizer);
    }

    [Fact]
    public void TokenizerJson_Patterns()
    {
        _folder.Write("tokenizer.json", """
            {"normalizer":{"type":"Replace","pattern":{"Regex":"(?i:ss|[^\\n-\\r&&[:cntrl:]\\p{Cf}]{2,3}?)$"},"content":" "},
             "pre_tokenizer":{"type":"Sequence","pretokenizers":[
              {"type":"Split","pattern":{"Regex":"\\b(?<n>[\\p{Han}a-f]++|^\\x{41}{,2})(?m-x:.)?"},"behavior":"Isolated","invert":false},
              {"type":"Split","pattern":{"Regex":"(?<!\\d)(?>\\w+?|\\R)(?#c)*"},"behavior":"MergedWithNext","invert":true}]},
             "model":{"type":"WordLevel","unk_token":"?","vocab":{"?":0,"the":1,"cat":2}}}
            """);

        Check(_folder.Path, "tokenizer.json", UseTokenizer);
    }

    [Theory]
    [InlineData("tokenizer_config.json", """
        {"bos_token":"<s>","eos_token":{"content":"</s>","lstrip":false},"pad_token":null,"add_bos_token":true,"tokenizer_class":"LlamaTokenizer",
         "chat_template":[{"name":"default","template":"x"}],"added_tokens_decoder":{"0":{"content":"<unk>","special":true}},"model_max_length":1e30}
        """)]
    [InlineData("special_tokens_map.json", """{"bos_token":"<s>","eos_token":{"content":"</s>"},"additional_special_tokens":["<unk>"]}""")]
    [InlineData("generation_config.json", """{"bos_token_id":1,"eos_token_id":[2,0],"pad_token_id":0,"do_sample":true,"temperature":0.7,"top_p":0.9}""")]
    public void FilesBesideATokenizer(string name, string content)
    {
        _folder.Write("tokenizer.json", TokenizerFixtures.SentencePiece().ToJsonString());
        _folder.Write(name, content);

        Check(_folder.Path, name, UseTokenizer);
    }

    [Fact]
    public void VocabularyText()
    {
        _folder.Write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\n##s\na\n##p\n##ple\n1\n2\n'\n");
        _folder.Write("tokenizer_config.json", """{"do_lower_case":true,"tokenizer_class":"BertTokenizer"}""");

        Check(_folder.Path, "vocab.txt", UseTokenizer);
    }

    [Theory]
    [InlineData("vocab.json")]
    [InlineData("merges.txt")]
    public void VocabularyAndMerges(string damaged)
    {
        var json = JsonDocument.Parse(
            ByteLevelBpeTrainer.Train(
                TokenizerFixtures.Texts, new BpeTrainingOptions { VocabularySize = 300 })).RootElement.GetProperty("model");
        var vocabulary = JsonObject.Create(json.GetProperty("vocab"))!;
        vocabulary["<|endoftext|>"] = vocabulary.Count;
        _folder.Write("vocab.json", vocabulary.ToJsonString());
        _folder.Write("merges.txt", "#version: 0.2\n" + string.Join('\n', json.GetProperty("merges").EnumerateArray().Select(Pair)) + "\n");
        _folder.Write("tokenizer_config.json", """{"tokenizer_class":"GPT2Tokenizer"}""");

        Check(_folder.Path, damaged, UseTokenizer);

        static string Pair(JsonElement merge) => merge.ValueKind == JsonValueKind.Array ? $"{merge[0]} {merge[1]}" : merge.GetString()!;
    }

    [Theory]
    [InlineData(ShortcutKind.None, "adapter_config.json")]
    [InlineData(ShortcutKind.Input, "reslora_config.json")]
    [InlineData(ShortcutKind.Middle, "reslora_config.json")]
    public void AdapterConfig(ShortcutKind kind, string name)
    {
        using (var model = TinyLlama.Create())
        {
            AdapterStore.Save(AdaptedModel.Inject(model, TinyAdapters.Config(kind)), _folder["adapter"]);
        }

        Check(_folder["adapter"], name, folder =>
        {
            using var model = TinyLlama.Create();
            _ = AdapterStore.Describe(folder);
            var adapted = AdapterStore.Load(model, folder);
            using (adapted.BeginPass())
            {
                _ = TinyLlama.Logits(model, TinyLlama.Ids(1, 4));
            }
        });
    }

    [Fact]
    public void ModelHead()
    {
        ModelHeadFile.Write(_folder.Path, ResLora.Models.ModelHead.OfOutputs(3));

        Check(_folder.Path, Assert.Single(_folder.Names()), folder => ModelHeadFile.Read(folder));
    }

    [Fact]
    public void GgufModel()
    {
        var sample = Path.Combine(SharedFolder.RepositoryRoot, "samples", "word-problems", "base");
        using var model = TinyLlama.Create(TinyLlama.Config with { VocabularySize = Tokenizer.Load(sample).VocabularySize });
        var folder = TinyFolders.Write(_folder, model);
        foreach (var name in new[] { "tokenizer.json", "tokenizer_config.json" })
        {
            File.Copy(Path.Combine(sample, name), Path.Combine(folder, name), overwrite: true);
        }

        GgufModelWriter.Write(_folder["model.gguf"], model, folder, GgufWeightType.F32);

        Check(_folder.Path, "model.gguf", _ =>
        {
            using var read = GgufModelReader.Load(_folder["model.gguf"]);
        });
    }

    [Fact]
    public void ConformanceCase()
    {
        var source = Path.Combine(SharedFolder.RepositoryRoot, "tests", "Fixtures", "reference", "llama_lora");
        foreach (var file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, _folder[Path.GetFileName(file)]);
        }

        // A case that cannot be run is a failed or an unsupported one, with a message; nothing is thrown.
        Check(_folder.Path, "case.json", folder =>
        {
            var report = Assert.Single(Verifier.Run([folder]).Cases);
            if (report.Status == CaseStatus.Unsupported)
            {
                throw new ConfigException(report.Message!);
            }
        }, runs: 60);
    }

    private static void UseModel(string folder)
    {
        using var model = ModelRegistry.LoadText(folder, head: null, headSeed: 0);
        _ = TinyBert.Predict(model, tensor([1L, 2, 3, 1]).reshape(1, 4));
    }

    private static void UseTokenizer(string folder)
    {
        var tokenizer = Tokenizer.Load(folder);
        foreach (var text in _texts)
        {
            _ = tokenizer.Decode(tokenizer.Encode(text));
        }
    }

    private static void Check(string folder, string name, Action<string> use, int runs = Runs)
    {
        var path = Path.Combine(folder, name);
        var valid = File.ReadAllBytes(path);
        // Undamaged, it is used without complaint: otherwise all refusals would prove nothing.
        use(folder);
        var refused = 0;
        for (var seed = 0; seed < runs; seed++)
        {
            using var scope = NewDisposeScope();
            File.WriteAllBytes(path, new Mutator(seed).Damage(valid));
            try
            {
                use(folder);
            }
            catch (ResLoraException e)
            {
                refused++;
                Assert.False(string.IsNullOrWhiteSpace(e.Message), $"seed {seed}: a refusal without a message");
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}: {e.GetType().Name}: {e.Message}\n{e.StackTrace}\nThe file: {Shown(path)}");
            }
        }

        Assert.InRange(refused, 1, runs);
    }

    private static string Shown(string path)
    {
        var text = File.ReadAllText(path);
        return text.Length > 3000 ? text[..3000] + "…" : text;
    }
}
