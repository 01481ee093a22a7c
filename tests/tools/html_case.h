/* html_case.h: pages as strong-report writes them, taken apart: the data they hold and the text around it. */
#ifndef STRONG_TESTS_HTML_CASE_H
#define STRONG_TESTS_HTML_CASE_H

#include <jansson.h>

#include "tools/diff_case.h"

extern "C" {
#include "analyse/calltree_pair.h"
#include "render/export.h"
#include "render/html_diff.h"
}

inline std::string html_written(const std::function<int(FILE *)> &write)
{
    char *text = nullptr;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    EXPECT_EQ(write(out), 0);
    fclose(out);
    std::string page(text, len);
    free(text);
    return page;
}

inline std::string html_page(const analysis &of)
{
    const analysis *members[] = {&of};
    export_source source = {&of, members, 1, false, CALLTREE_CPU};
    return html_written([&](FILE *out) { return export_html(out, &source); });
}

/* The data of a page; ends the test's patience where it is no JSON. */
class HtmlData
{
  public:
    explicit HtmlData(const std::string &page)
    {
        static const std::string open = "<script type=\"application/json\" id=\"data\">";
        size_t from = page.find(open) + open.size(), to = page.find("</script>", from);
        raw = page.substr(from, to - from);
        json_error_t error;
        root = json_loadb(raw.data(), raw.size(), 0, &error);
        if (root == nullptr)
            throw std::runtime_error(error.text);
    }
    ~HtmlData()
    {
        json_decref(root);
    }
    HtmlData(const HtmlData &) = delete;

    std::string word(json_t *index) const
    {
        return json_string_value(json_array_get(json_object_get(root, "strings"), json_integer_value(index)));
    }
    json_t *by_id(const char *list, const std::string &id) const
    {
        json_t *array = json_object_get(root, list), *each;
        size_t i;
        json_array_foreach(array, i, each) if (json_string_value(json_object_get(each, "id")) == id) return each;
        throw std::runtime_error("no " + id + " in " + list);
    }

    std::string raw;
    json_t *root;
};

/* One node of a flame graph, read as html/tree.js does. */
struct HtmlNode {
    unsigned depth;
    std::string name, module;
    std::vector<double> self, small; /* by side */
    json_t *extra[2];
    double total[2] = {0, 0};
};

inline std::vector<HtmlNode> html_nodes(const HtmlData &data, json_t *flame, unsigned order, unsigned sides = 1)
{
    json_t *flat = json_object_get(json_array_get(json_object_get(flame, "orders"), order), "nodes");
    json_t *symbols = json_object_get(data.root, "symbols");
    size_t stride = 4 + 2 * sides;
    std::vector<HtmlNode> nodes;
    EXPECT_EQ(json_array_size(flat) % stride, 0u);
    for (size_t at = 0; at < json_array_size(flat); at += stride) {
        auto value = [&](size_t i) { return json_array_get(flat, at + i); };
        size_t symbol = static_cast<size_t>(json_integer_value(value(1))) * 3;
        HtmlNode node;
        node.depth = static_cast<unsigned>(json_integer_value(value(0)));
        node.name = data.word(json_array_get(symbols, symbol));
        node.module = data.word(json_array_get(symbols, symbol + 1));
        for (unsigned side = 0; side < sides; side++) {
            node.self.push_back(json_number_value(value(2 + side)));
            node.small.push_back(json_number_value(value(2 + sides + side)));
        }
        node.extra[0] = value(2 + 2 * sides);
        node.extra[1] = value(3 + 2 * sides);
        nodes.push_back(node);
    }
    /* Parent first: from the end, what follows a node and is deeper is below it. */
    for (size_t i = nodes.size(); i-- > 0;)
        for (unsigned side = 0; side < sides; side++) {
            nodes[i].total[side] = nodes[i].self[side] + nodes[i].small[side];
            for (size_t j = i + 1; j < nodes.size() && nodes[j].depth > nodes[i].depth; j++)
                if (nodes[j].depth == nodes[i].depth + 1)
                    nodes[i].total[side] += nodes[j].total[side];
        }
    return nodes;
}

inline const HtmlNode &html_node(const std::vector<HtmlNode> &nodes, const std::string &name)
{
    for (const HtmlNode &node : nodes)
        if (node.name == name)
            return node;
    throw std::runtime_error("no node " + name);
}

#endif
