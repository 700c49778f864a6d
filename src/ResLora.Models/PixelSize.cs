using System.Text.Json;
using System.Text.Json.Serialization;

namespace ResLora.Models;

/// <summary>The size of a picture or of a part of one, in pixels.</summary>
/// <param name="Height">Y.</param>
/// <param name="Width">X.</param>
[JsonConverter(typeof(PixelSizeConverter))]
public readonly record struct PixelSize(int Height, int Width)
{
    /// <summary>Height and width, such as <c>224 x 224</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Height} x {Width}";

    /// <summary>Configurations give one number for a square, or height and width.</summary>
    internal sealed class PixelSizeConverter : JsonConverter<PixelSize>
    {
        public override PixelSize Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var written = JsonElement.ParseValue(ref reader);
            int[] sizes = written.ValueKind switch
            {
                JsonValueKind.Number => [Whole(written), Whole(written)],
                JsonValueKind.Array => [.. written.EnumerateArray().Select(Whole)],
                _ => [],
            };
            return sizes is [var height and not 0, var width and not 0]
                ? new PixelSize(height, width)
                : throw new JsonException($"{written.GetRawText()} is no size in pixels; a whole number is, or two: height and width.");
        }

        private static int Whole(JsonElement size) => size.ValueKind == JsonValueKind.Number && size.TryGetInt32(out var side) ? side : 0;

        public override void Write(Utf8JsonWriter writer, PixelSize value, JsonSerializerOptions options)
        {
            if (value.Height == value.Width)
            {
                writer.WriteNumberValue(value.Height);
                return;
            }

            writer.WriteStartArray();
            writer.WriteNumberValue(value.Height);
            writer.WriteNumberValue(value.Width);
            writer.WriteEndArray();
        }
    }
}
