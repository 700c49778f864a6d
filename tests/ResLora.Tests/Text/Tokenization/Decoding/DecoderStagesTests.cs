using System.Text.Json.Nodes;
using ResLora.Text.Tokenization;
using Xunit;

namespace ResLora.Tests.Text.Tokenization.Decoding;

/// <summary>What decoders make of tokens; the expectations are values of tokenizers 0.23.1.</summary>
public class DecoderStagesTests
{
    private const string Speech = "<pad> h h e l <pad> l l o | | w n't .";
    private const string Pieces = "▁a <0xC3> <0xA9> ▁b ##c </w>";

    [Theory]
    [InlineData(Speech, """{"type":"CTC","pad_token":"<pad>","word_delimiter_token":"|","cleanup":true}""", "hello wn't.")]
    [InlineData(Speech, """{"type":"CTC","pad_token":"<pad>","word_delimiter_token":"|","cleanup":false}""", "hello|wn't.")]
    [InlineData(Speech, """{"type":"CTC","pad_token":"h","word_delimiter_token":"l","cleanup":true}""", "<pad>e <pad> o|wn't.")]
    [InlineData(Pieces, """{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"ByteFallback"}]}""", "▁a<0xC3><0xA9>▁b##c</w>")]
    [InlineData(Pieces, """{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Replace","pattern":{"String":"▁"},"content":" "}]}""", " a<0xC3><0xA9> b##c</w>")]
    [InlineData(Pieces, """{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}]}""", "a<0xC3><0xA9>b##c</w>")]
    [InlineData(Pieces, """{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"WordPiece","prefix":"##","cleanup":true}]}""", "▁a<0xC3><0xA9>▁b##c</w>")]
    [InlineData(Pieces, """{"type":"Sequence","decoders":[{"type":"ByteLevel"},{"type":"BPEDecoder","suffix":"</w>"}]}""", "▁a<0xC3><0xA9>▁b##c")]
    [InlineData(Pieces, """{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Replace","pattern":{"Regex":"▁+b"},"content":"x"},{"type":"Strip","content":" ","start":1,"stop":1}]}""", "▁aéx##c</w>")]
    public void Decode_IsHuggingFaces_AtOnceAndInParts(string tokens, string decoder, string expected)
    {
        var words = tokens.Split(' ');
        var tokenizer = Load(words, decoder);
        var ids = words.Select(word => tokenizer.IdOf(word)!.Value).ToArray();
        var streaming = tokenizer.CreateStreamingDecoder();

        var text = tokenizer.Decode(ids);
        var parts = string.Concat(ids.Select(streaming.Add)) + streaming.Flush();

        Assert.Equal(expected, text);
        Assert.Equal(expected, parts);
    }

    private static Tokenizer Load(string[] words, string decoder) => TokenizerFixtures.Load(new JsonObject
    {
        ["decoder"] = JsonNode.Parse(decoder),
        ["model"] = new JsonObject
        {
            ["type"] = "WordLevel",
            ["unk_token"] = words[0],
            ["vocab"] = new JsonObject(words.Distinct().Select((word, id) => KeyValuePair.Create(word, (JsonNode?)id))),
        },
    }.ToJsonString());
}
